import { z } from 'zod'
import { renderGlyph } from '../../data/glyphs.ts'
import type { Agreement } from '../../objective/golden-agreement.ts'

const TOLERANCE = 1e-9

const schema = z.object({
  batch: z.array(z.object({ class: z.int(), size: z.int(), parameters: z.array(z.number()) })),
  expected: z.object({ images: z.array(z.array(z.array(z.number()))) }),
})

/** Compares rendered glyphs with the fixture's, pixel by pixel. */
export function checkRender(json: unknown): Agreement {
  const { batch, expected } = schema.parse(json)
  const errors = batch.flatMap(({ class: glyph, size, parameters }, i) => {
    const wanted = expected.images[i].flat()
    return [...renderGlyph(glyph, parameters, size)].map((value, k) => Math.abs(value - wanted[k]))
  })
  const error = Math.max(...errors)
  return { passed: error <= TOLERANCE, errors: { pixels: error } }
}
