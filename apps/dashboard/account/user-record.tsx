import { useState } from 'preact/hooks'
import { ApiError } from '#apps/client/api-error.ts'
import { UserDialog } from '#dashboard/admin/user-dialogs.tsx'
import { api } from '#dashboard/core/api.ts'
import { exportPath, mayExportUser } from '#dashboard/core/exports.ts'
import { text } from '#dashboard/core/language.ts'
import { useResource } from '#dashboard/core/resource.ts'
import { may } from '#dashboard/core/session.ts'
import { Button, ButtonLink } from '#dashboard/ui/button.tsx'
import { ErrorNote, Skeleton } from '#dashboard/ui/states.tsx'
import type { User } from '#schema/shapes/user.ts'
import { Facts } from './facts.tsx'

/** The caller's user. Administrators edit users; the server refuses others. */
export function UserRecord({ id }: { id: number }) {
  const t = text.value
  const user = useResource<User>(`own user ${id}`, (signal) => api.users.get(id, { signal }))
  const [isEditing, setEditing] = useState(false)
  if (!may('users:read')) return null
  const isGone = user.error instanceof ApiError && user.error.status === 404
  const { data } = user
  return (
    <section class="card stack" aria-labelledby="user">
      <div class="card-head">
        <h2 id="user">{t.account.record}</h2>
        {data && may('users:write') && (
          <Button icon="pencil" kind="quiet" onClick={() => setEditing(true)}>
            {t.account.edit}
          </Button>
        )}
      </div>
      {isGone && <p class="soft">{t.account.recordGone}</p>}
      {user.error !== undefined && !isGone && <ErrorNote error={user.error} onRetry={user.reload} />}
      {data === undefined && user.error === undefined && <Skeleton rows={2} />}
      {data && (
        <>
          <Facts
            facts={[
              [t.users.username, data.username],
              [t.users.email, data.email]
            ]}
          />
          {!may('users:write') && <p class="soft small">{t.account.recordHint}</p>}
          {mayExportUser(id) && (
            <div class="stack">
              <p class="soft">{t.account.exportHint}</p>
              <div>
                <ButtonLink icon="download" href={exportPath(id)} download={`user-${id}.json`}>
                  {t.account.export}
                </ButtonLink>
              </div>
            </div>
          )}
        </>
      )}
      {isEditing && data && (
        <UserDialog
          user={data}
          onDone={() => {
            setEditing(false)
            user.reload()
          }}
          onClose={() => setEditing(false)}
        />
      )}
    </section>
  )
}
