import { readFileSync } from 'node:fs'

interface Reference {
  lineA: number[]
  lineB: number[]
  planeA: number[]
  planeB: number[]
  lineFirst: number
  lineSecond: number
  lineEnergy: number
  planeFirst: number
  planeSecond: number
  planeEnergy: number
  histogram: { bins: number; range: [number, number][]; kl: number }
  modes: { means: number[][]; weights: number[]; js: number }
}

/** Values by numpy and scipy; `fixtures/generate.py` writes them. */
export const reference: Reference = JSON.parse(
  readFileSync(new URL('./fixtures/reference.json', import.meta.url), 'utf8'),
)

export const [lineA, lineB, planeA, planeB] = [
  reference.lineA,
  reference.lineB,
  reference.planeA,
  reference.planeB,
].map(values => Float64Array.from(values))
