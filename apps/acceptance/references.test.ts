import t from 'tap'
import { createUrl, createUser, served } from './subject.ts'

/** References to deleted users and links never remain, although no foreign key prevents them. */

served(t, async (t, api) => {
  t.test('a user deleted while links are created for it leaves none behind', async (t) => {
    let [made, refused] = [0, 0]
    for (let round = 0; round < 10; round++) {
      const { id } = await createUser(api)
      const target = { user_id: id, original_url: 'https://example.com/' }
      const create = () => api('POST', '/urls', { json: target })
      const [first, deletion, ...rest] = await Promise.all([
        create(),
        api('DELETE', `/users/${id}`),
        create(),
        create()
      ])
      t.equal(deletion?.status, 204)
      for (const answer of [first, ...rest]) {
        t.ok(answer?.status === 201 || answer?.status === 404, `${answer?.status}`)
        if (answer?.status !== 201) {
          refused++
          continue
        }
        made++
        t.equal((await api('GET', `/urls/${answer.json.id}`)).json.user_id, null)
      }
    }
    t.equal(made + refused, 30)
    t.equal((await api('GET', '/users?per_page=1')).status, 200)
  })

  t.test('a link deleted while events are reported for it has all accepted ones', async (t) => {
    const { id } = await createUrl(api, {})
    const report = () => api('POST', '/events', { json: { url_id: id, event_type: 'shared' } })
    const answers = await Promise.all([report(), report(), api('DELETE', `/urls/${id}`), report(), report()])
    const accepted = answers.filter(({ status }) => status === 201).length
    t.equal(answers[2]?.status, 204)
    const { json } = await api('GET', `/events?url_id=${id}&event_type=shared`)
    t.equal(json.length, accepted)
    t.equal((await report()).status, 404, 'and takes no more')
  })
})
