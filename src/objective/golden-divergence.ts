import { z } from 'zod'
import type { Tensor } from '../autodiff/index.ts'
import { divergenceOf, type FlowMap, fromVelocity } from '../model/index.ts'
import { psdVelocity } from './compositional.ts'
import { teacherVelocity } from './diagonal.ts'
import { divergences } from './divergence.ts'
import { meanflow } from './eulerian.ts'
import { UnknownRowError } from './golden.ts'
import type { GivenTerm } from './golden-given-term.ts'
import { lsd } from './lagrangian.ts'
import { f2d2Lsd, f2d2Meanflow, f2d2Shortcut, headPart } from './lifted.ts'
import type { Draw, Loss } from './loss.ts'

const schema = z.strictObject({
  scale: z.number().positive().optional(),
  weight: z.number().min(0).default(1),
  divergence: z.enum(Object.keys(divergences) as [keyof typeof divergences]).default('auto'),
  velocity: z.literal('teacher').optional(),
  path: z.string().optional(),
})
type Options = z.infer<typeof schema>

const withHead =
  (velocity: Loss, head: (divergence: Options['divergence']) => Loss) =>
  ({ divergence, weight }: Options): Loss =>
  draw =>
    velocity(draw).add(head(divergence)(draw).mul(weight))

/** The rows of F2D2 by their names. */
const rows: Readonly<Record<string, (options: Options) => Loss>> = {
  // The fixture has the head's part alone.
  'f2d2:diagonal':
    ({ divergence, weight }) =>
    draw =>
      headPart(teacherVelocity, divergence)(draw).mul(weight),
  // The fixture gives the time between.
  'f2d2:shortcut': withHead(psdVelocity, () => f2d2Shortcut('velocity')),
  'f2d2:meanflow': withHead(meanflow, f2d2Meanflow),
  'f2d2:lsd': withHead(lsd, f2d2Lsd),
}

/** The map of a network with `n + 1` outputs, of which the last is the divergence over `scale`. */
function headed({ network, dimension }: GivenTerm, name: string, scale: number): FlowMap {
  const output = (x: Tensor, s: Tensor, t: Tensor) => network(name)(x, s, t)
  return {
    ...fromVelocity((x, s, t) => output(x, s, t).slice(1, 0, dimension)),
    divergence: divergenceOf(
      (x, s, t) =>
        output(x, s, t)
          .slice(1, dimension, dimension + 1)
          .mul(scale),
      scale,
    ),
  }
}

/** Terms of a divergence head by the name that fixtures give them; the noise is their probe. */
export const divergenceTerms: Readonly<Record<string, (given: GivenTerm) => Tensor>> = Object.fromEntries(
  Object.entries(rows).map(([term, lossOf]) => [
    term,
    (given: GivenTerm): Tensor => {
      const { success, data: options, error } = schema.safeParse(given.options)
      if (!success) throw new UnknownRowError(`${term}: ${z.prettifyError(error).replaceAll('\n', ' ')}`)
      const { scale = 2 * given.dimension, divergence } = options
      const hasProbe = divergence !== 'exact' && divergence !== 'denoising' && divergence !== 'auto'
      const draw: Draw = {
        ...given.draw,
        map: headed(given, 'student', scale),
        target: headed(given, given.has('target') ? 'target' : 'student', scale),
        ...(hasProbe && { noise: given.batch('probe') }),
      }
      return lossOf(options)(draw)
    },
  ]),
)
