import { readFileSync } from 'node:fs'

/** Two clouds and what the libraries say of them; `a` is the data. */
interface Compared {
  a: number[]
  b: number[]
  dimension: number
  wasserstein: number
  energy: number
  mmd: number
  frechet: number
  precision: number
  recall: number
  density: number
  coverage: number
  accuracy: number
  pValue: number
}

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
  histogram: { bins: number; range: [number, number][]; kl: number; js: number }
  clouds: Record<string, Compared>
  modes: { means: number[][]; weights: number[]; js: number }
}

/** Values by NumPy, SciPy, POT and scikit-learn; `fixtures/generate.py` writes them. */
export const reference: Reference = JSON.parse(
  readFileSync(new URL('./fixtures/reference.json', import.meta.url), 'utf8'),
)

export const [lineA, lineB, planeA, planeB] = [
  reference.lineA,
  reference.lineB,
  reference.planeA,
  reference.planeB,
].map(values => Float64Array.from(values))
