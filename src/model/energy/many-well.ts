import { z } from 'zod'
import type { Tensor } from '../../autodiff/index.ts'
import { drawWell, isRight, LOG_NORMALIZER, RIGHT, wells } from './double-well.ts'
import { energyKind } from './kind.ts'

export const manyWell = energyKind({
  description: 'a double well on each pair of coordinates: 2^(dimension/2) modes',
  schema: z.strictObject({
    dimension: z
      .int()
      .positive()
      .refine(value => value % 2 === 0, 'expected an even number')
      .default(32),
  }),
  open({ dimension }) {
    const pairs = dimension / 2
    /** The first coordinates of the pairs, or the second ones. */
    const every = (x: Tensor, which: 0 | 1) =>
      x
        .reshape([x.shape[0], pairs, 2])
        .slice(2, which, which + 1)
        .reshape([x.shape[0], pairs])
    return {
      name: 'many-well',
      dimension,
      energy: (x: Tensor) => wells(every(x, 0), every(x, 1)),
      logNormalizer: pairs * LOG_NORMALIZER,
      sample(random, out) {
        for (let at = 0; at < out.length; at += 2) drawWell(random, out, at)
      },
      observables: {
        right: {
          of(points, from) {
            let sum = 0
            for (let k = 0; k < dimension; k += 2) sum += isRight(points[from + k])
            return sum / pairs
          },
          known: RIGHT,
        },
      },
    }
  },
})
