import { HOME } from '#dashboard/core/environment.ts'
import { text } from '#dashboard/core/language.ts'
import { Icon } from '#dashboard/ui/icon.tsx'
import { showToast } from '#dashboard/ui/toast.tsx'

/** Opens the field for new links with the address and the title of the page on which it is pressed. */
function makeScript(): string {
  const target = JSON.stringify(`${location.origin}${HOME}?`)
  const code = `open(${target}+new URLSearchParams({new:location.href,title:document.title}))`
  return `javascript:void ${encodeURIComponent(code)}`
}

/** A bookmark to drag. The policy of this page forbids such a script here, so a press only explains. */
export function Bookmarklet() {
  const t = text.value.bookmarklet
  return (
    <div class="setting is-drag">
      <div class="fill">
        <p class="label">{t.title}</p>
        <p class="soft small">{t.hint}</p>
      </div>
      <a
        class="button secondary"
        href={makeScript()}
        onClick={(event) => {
          event.preventDefault()
          showToast(t.press)
        }}
      >
        <Icon name="link" />
        {t.name}
      </a>
    </div>
  )
}
