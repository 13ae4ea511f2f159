import { render } from 'preact'
import { language, setLanguage } from '#dashboard/core/language.ts'
import { App } from '#dashboard/shell/app.tsx'
import './styles/main.css'

const root = document.getElementById('app')
if (root === null) throw new Error('The page has no #app')
await setLanguage(language.value, false)
render(<App />, root)
