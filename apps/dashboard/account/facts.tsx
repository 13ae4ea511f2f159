/** Names with their values. A value of null is left out. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: string | null])[] }) {
  return (
    <dl class="figures">
      {facts.map(
        ([name, value]) =>
          value !== null && (
            <div key={name}>
              <dt class="soft">{name}</dt>
              <dd class="number wrap">{value}</dd>
            </div>
          )
      )}
    </dl>
  )
}
