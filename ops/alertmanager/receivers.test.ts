import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { listen } from '#testing/listen.ts'
import { missing } from '#testing/programs.ts'
import { until } from '#testing/until.ts'
import { startAlertmanager } from './testbed.ts'

/** The receivers that alertmanager.yml keeps in comments work once their # is deleted. */

const skip = missing('prometheus-alertmanager')

/** Deletes the first # of each line of one receiver, as the file says. Nothing listens for Discord. */
const uncomment = (config: string, name: string) =>
  config
    .replaceAll('DISCORD_WEBHOOK_URL', 'http://127.0.0.1:9/none')
    .replace(new RegExp(`^    #${name}_configs.*\\n(    #  .*\\n)*`, 'gm'), (lines) =>
      lines.replaceAll(/^ {4}#/gm, '    ')
    )

const alert = { labels: { alertname: 'NginxDown', severity: 'page', instance: 'a' } }

t.test('an alert reaches Slack, by a webhook from a file', { skip }, async (t) => {
  const posted: { title: string; text: string }[] = []
  const server = createHttpServer(async (request, response) => {
    const { attachments } = JSON.parse(await text(request)) as {
      attachments: { title: string; text: string }[]
    }
    posted.push(...attachments)
    response.end('ok')
  })
  const address = await listen(t, server)
  const folder = t.testdir({ webhook: `http://${address}/services/secret` })
  const { post } = await startAlertmanager(t, (config) =>
    uncomment(config, 'slack').replaceAll('/run/secrets/slack_webhook', `${folder}/webhook`)
  )
  await post(alert)
  await until(() => posted[0])
  t.match(posted[0], { title: 'PAGE NginxDown', text: /^\*It is broken\*\nOf 3 replicas 2 are gone\./ })
  t.match(posted[0]?.text, 'Runbook: https://runbooks.example/it.md')
})

/** A mail server that accepts one user with one password, without TLS. `mails` collects the messages. */
function createMailServer(mails: string[], credentials: string): Server {
  return createServer((socket) => {
    let [input, mail, isMail] = ['', '', false]
    const reply = (line: string) => socket.write(`${line}\r\n`)
    socket.on('error', () => undefined).setEncoding('utf8')
    socket.on('data', (piece) => {
      input += piece
      for (let end = input.indexOf('\r\n'); end >= 0; end = input.indexOf('\r\n')) {
        const line = input.slice(0, end)
        input = input.slice(end + 2)
        if (isMail && line !== '.') mail += `${line}\n`
        else if (isMail) {
          mails.push(mail)
          isMail = false
          reply('250 taken')
        } else if (line.startsWith('EHLO')) reply('250-stand-in\r\n250 AUTH PLAIN')
        else if (line.startsWith('AUTH'))
          reply(line === `AUTH PLAIN ${credentials}` ? '235 welcome' : '535 no')
        else if (line === 'DATA') {
          isMail = true
          reply('354 go on')
        } else reply(line === 'QUIT' ? '221 bye' : '250 ok')
      }
    })
    reply('220 stand-in')
  })
}

t.test('an alert arrives as an e-mail, with a password from a file', { skip }, async (t) => {
  const mails: string[] = []
  const credentials = Buffer.from('\0alerts@example.com\0hunter2').toString('base64')
  const address = await listen(t, createMailServer(mails, credentials))
  const folder = t.testdir({ password: 'hunter2' })
  const { post } = await startAlertmanager(t, (config) =>
    uncomment(config, 'email')
      .replaceAll('/run/secrets/smtp_password', `${folder}/password`)
      // The stand-in has no certificate.
      .replaceAll('smarthost: smtp.example.com:587', `require_tls: false\n        smarthost: ${address}`)
  )
  await post(alert)
  await until(() => mails[0])
  t.match(mails[0], /^To: operators@example\.com$/m)
  t.match(mails[0], /^Subject: PAGE NginxDown$/m)
  t.match(mails[0], '**It is broken**')
  t.match(mails[0], 'text/plain')
  t.notMatch(mails[0], 'text/html')
})
