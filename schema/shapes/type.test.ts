import t from 'tap'
import { Type as TypeBox } from 'typebox'
import { Type } from './type.ts'

/** The builders return the schemas of TypeBox: members, their order and required fields. */

function build(of: typeof Type) {
  const text = of.String({ minLength: 1, description: 'a text' })
  return {
    text,
    plain: of.String(),
    numbers: [of.Integer({ minimum: 1 }), of.Number({ default: 0.1 }), of.Boolean(), of.Null()],
    list: of.Array(text, { maxItems: 3 }),
    choice: of.Enum(['a', 'b'], { default: 'a' }),
    constant: of.Literal('ok'),
    unsafe: of.Optional(of.Unsafe<string | null>({ type: ['string', 'null'] })),
    object: of.Object(
      { needed: text, spare: of.Optional(text), deep: of.Optional(of.Object({ flag: of.Boolean() })) },
      { title: 'Thing', additionalProperties: false }
    ),
    allOptional: of.Object({ spare: of.Optional(of.Unsafe<number>({ type: 'number' })) }),
    extended: of.Object({ ...of.Object({ first: of.Optional(text), second: text }).properties, third: text }),
    empty: of.Object({})
  }
}

t.test('schemas equal those of TypeBox', async (t) => {
  const [own, wanted] = [build(Type), build(TypeBox)]
  for (const [name, schema] of Object.entries(wanted))
    t.equal(JSON.stringify(own[name as keyof typeof own]), JSON.stringify(schema), name)
})
