/** Returns a copy of `document` with each `$ref` replaced by its value (RFC 6901, section 6). */
export function resolveRefs<Document>(document: Document): Document {
  const find = (pointer: string): unknown =>
    pointer
      .slice(2)
      .split('/')
      .reduce((at, name) => (at as Record<string, unknown>)[name] as object, document as object)
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve)
    if (typeof value !== 'object' || value === null) return value
    const { $ref } = value as { $ref?: unknown }
    if (typeof $ref === 'string') return resolve(find($ref))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, resolve(member)]))
  }
  return resolve(document) as Document
}
