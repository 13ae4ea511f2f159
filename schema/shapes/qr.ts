import { QR_COLORS, QR_LEVELS, QR_MARGIN, QR_SIZE, type QrLevel } from './qr-drawing.ts'
import { type Static, Type } from './type.ts'

const FORMATS = ['svg', 'png'] as const

const Color = (description: string, value: string) =>
  Type.Optional(
    Type.String({
      pattern: '^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$',
      default: value,
      description: `${description}, as 3 or 6 hexadecimal digits; \`#\` may be left out`,
      examples: ['1b2f4d']
    })
  )

/** The query of a QR code. */
export const QrQuery = Type.Object({
  format: Type.Optional(
    Type.Unsafe<(typeof FORMATS)[number]>({
      enum: FORMATS,
      description: 'As `Accept` says when left out, else svg'
    })
  ),
  size: Type.Optional(Type.Integer({ ...QR_SIZE, description: 'Width and height in pixels' })),
  margin: Type.Optional(
    Type.Integer({ ...QR_MARGIN, description: 'The quiet zone on each side, in modules' })
  ),
  color: Color('The colour of the modules, darker than the background', QR_COLORS.color),
  background: Color('The colour of the ground', QR_COLORS.background),
  error_correction: Type.Optional(
    Type.Unsafe<QrLevel>({
      enum: QR_LEVELS,
      default: 'M',
      description: 'How much of the code may be lost: 7 (L), 15 (M), 25 (Q) or 30 (H) percent'
    })
  )
})

export type QrQuery = Static<typeof QrQuery>
