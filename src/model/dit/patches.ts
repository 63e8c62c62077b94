import { sizeOf, type Tensor } from '../../autodiff/index.ts'
import { type DitOptions, gridOf, sizeOfPatch } from './options.ts'

type Cut = Pick<DitOptions, 'shape' | 'patch'>

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Points `[B, ...sides, C]` as patches `[B, patches, p ... C]`: along the last side first, and likewise within a patch. */
export function patchesOf(cut: Cut, x: Tensor): Tensor {
  const grid = gridOf(cut)
  const channels = cut.shape.at(-1)!
  const sides = range(grid.length)
  return x
    .reshape([x.shape[0], ...grid.flatMap(count => [count, cut.patch]), channels])
    .transpose([0, ...sides.map(i => 1 + 2 * i), ...sides.map(i => 2 + 2 * i), 1 + 2 * grid.length])
    .reshape([x.shape[0], sizeOf(grid), sizeOfPatch(cut) * channels])
}

/** The inverse, of patches with as many channels. */
export function pointsOf(cut: Cut, patches: Tensor, channels = cut.shape.at(-1)!): Tensor {
  const grid = gridOf(cut)
  const [batch] = patches.shape
  const sides = range(grid.length)
  return patches
    .reshape([batch, ...grid, ...sides.map(() => cut.patch), channels])
    .transpose([0, ...sides.flatMap(i => [1 + i, 1 + grid.length + i]), 1 + 2 * grid.length])
    .reshape([batch, ...cut.shape.slice(0, -1), channels])
}
