import type { Dataset } from './dataset.ts'
import { gaussian } from './gaussian-mixture.ts'
import { glyphs } from './glyphs.ts'
import { hyperbolicTree } from './manifold/hyperbolic.ts'
import { so3Mixture } from './manifold/rotations.ts'
import { sphereCheckerboard, sphereVmf } from './manifold/sphere.ts'
import { torusRamachandran } from './manifold/torus.ts'
import { eightGaussians, ring } from './modes.ts'
import { checkerboard, heart, pinwheel, spirals, swissRoll, twoMoons } from './shapes.ts'
import { arithmetic, grammar, sums, words } from './text/languages.ts'
import { letters } from './text/markov.ts'

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

/** The built-in languages. */
export const languages: Readonly<Record<string, DatasetEntry>> = {
  words: { description: 'eight words of four letters, with weights 1 to 8', create: words },
  sums: { description: 'two digits and their sum modulo 5: 25 strings of 3 characters', create: sums },
  arithmetic: {
    description: 'sums of two digits, such as 7+8=15: 100 strings of 6 characters',
    create: arithmetic,
  },
  grammar: {
    description: 'short sentences whose verbs agree with their subjects, 8 to 21 characters',
    create: grammar,
  },
  markov: { description: 'a Markov chain of eight letters, 16 characters', create: letters },
}

/** The built-in datasets in curved spaces. */
export const curvedDatasets: Readonly<Record<string, DatasetEntry>> = {
  'sphere-vmf': { description: 'three modes on the sphere', create: sphereVmf },
  'sphere-checkerboard': {
    description: 'every other one of 32 cells of the sphere, uniform',
    create: sphereCheckerboard,
  },
  'torus-ramachandran': {
    description: "the two angles of a protein's backbone: three modes on the torus",
    create: torusRamachandran,
  },
  'so3-mixture': { description: 'rotations about three middles, as matrices', create: so3Mixture },
  'hyperbolic-tree': { description: 'a tree in the hyperbolic plane', create: hyperbolicTree },
}

/** All built-in datasets. */
export const datasets: Readonly<Record<string, DatasetEntry>> = {
  ...planeDatasets,
  ...curvedDatasets,
  glyphs: { description: 'digit-like strokes, pictures of 16 x 16 in ten classes', create: () => glyphs() },
  ...languages,
}
