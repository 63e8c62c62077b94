import type { Dataset } from './dataset.ts'
import { gaussian } from './gaussian-mixture.ts'
import { glyphs } from './glyphs.ts'
import { eightGaussians, ring } from './modes.ts'
import { checkerboard, heart, pinwheel, spirals, swissRoll, twoMoons } from './shapes.ts'

/** A built-in dataset. */
export interface DatasetEntry {
  readonly description: string
  readonly create: () => Dataset
}

/** The built-in datasets in the plane. */
export const planeDatasets: Readonly<Record<string, DatasetEntry>> = {
  ring: { description: '8 narrow Gaussians on a circle of radius 4', create: ring },
  'eight-gaussians': { description: '8 wider Gaussians on a circle of radius 2.83', create: eightGaussians },
  checkerboard: { description: 'alternate unit cells of a 4x4 board, uniform', create: checkerboard },
  'two-moons': { description: 'two interleaved half circles', create: twoMoons },
  'swiss-roll': { description: 'one spiral with noise', create: swissRoll },
  pinwheel: { description: 'five bent arms', create: pinwheel },
  spirals: { description: 'two interleaved spirals', create: spirals },
  heart: { description: 'a heart, uniform', create: heart },
  gaussian: {
    description: 'one Gaussian about (1, -1), standard deviation 0.5',
    create: () => gaussian({ mean: [1, -1], std: 0.5 }),
  },
}

/** All built-in datasets. */
export const datasets: Readonly<Record<string, DatasetEntry>> = {
  ...planeDatasets,
  glyphs: { description: 'digit-like strokes, pictures of 16 x 16 in ten classes', create: () => glyphs() },
}
