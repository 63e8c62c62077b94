import { constant, sizeOf, type Tensor, type Value } from '../../../src/autodiff/index.ts'
import type { DitOptions } from '../../../src/model/dit/options.ts'
import { ditParameters } from '../../../src/model/dit/parameters.ts'
import { type Condition, timeShape } from '../../../src/model/index.ts'
import { random } from '../../../src/random/random.ts'
import type { Sample, Weights } from './reference.ts'

/** Two blocks on pictures of 4 x 6 with two channels: 2 x 3 patches. */
export const small: DitOptions = {
  shape: [4, 6, 2],
  scalesInput: false,
  patch: 2,
  width: 8,
  depth: 2,
  heads: 2,
  hidden: 6,
  conditioning: 's,t',
  split: 1,
  embedding: 'fourier',
  frequencies: 2,
  timeScale: 1,
  injection: 'adaln',
  labelTokens: 2,
  scaleTokens: 1,
  intervalTokens: 1,
  timeTokens: 2,
  norm: 'layer',
  modulationNorm: false,
  qkNorm: false,
  activation: 'gelu',
  position: 'sincos',
  scale: 'none',
  interval: false,
  outputScale: false,
  velocityHead: 0,
  backbone: 0,
  divergenceScale: 0,
  initialization: 'xavier',
  classes: 3,
}

/** Six positions of five symbols. */
export const symbols: DitOptions = { ...small, shape: [6, 5], scalesInput: true, patch: 1 }

/** Every option at least once, as papers combine them. */
export const variants: Readonly<Record<string, DitOptions>> = {
  'adaLN-zero': small,
  'a velocity': { ...small, conditioning: 's', activation: 'swiglu', position: 'none' },
  decoupled: { ...small, conditioning: 'decoupled', depth: 3, split: 2 },
  TVM: {
    ...small,
    conditioning: 's,s-t',
    embedding: 'sinusoidal',
    frequencies: 3,
    timeScale: 2,
    norm: 'rms',
    modulationNorm: true,
    qkNorm: true,
    scale: 'inverse',
    outputScale: true,
  },
  iMF: {
    ...small,
    conditioning: 's-t',
    injection: 'tokens',
    activation: 'swiglu',
    position: 'rotary',
    qkNorm: true,
    scale: 'complement',
    interval: true,
    velocityHead: 1,
  },
  pMF: { ...small, conditioning: 's-t', injection: 'tokens', position: 'rotary2d', velocityHead: 2 },
  'rotary pairs': { ...small, position: 'rotary', conditioning: 's,s-t', interval: true },
  'rotary in two directions': { ...small, position: 'rotary2d', velocityHead: 1, norm: 'rms' },
  vectors: { ...small, classes: undefined, vector: 3, conditioning: 'decoupled', velocityHead: 1 },
  'learned positions': { ...small, position: 'learned', velocityHead: 1 },
  'a sequence of symbols': symbols,
  'a sequence in patches, learned positions': {
    ...symbols,
    patch: 2,
    position: 'learned',
    conditioning: 's,s-t',
  },
  'a sequence with tokens': {
    ...symbols,
    ...{ scalesInput: false, injection: 'tokens', position: 'rotary', conditioning: 's-t', velocityHead: 1 },
  },
}

/** Parameters none of which is zero, as arrays `[in, out]`. */
export function drawn(options: DitOptions, seed = 1): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(ditParameters(options)).map(([name, { shape, role }]) => {
      const source = random(seed, name)
      const base = role === 'one' ? 1 : 0
      const spread = shape.length === 1 ? 0.3 : 1.2 / Math.sqrt(shape[0])
      const data = Float64Array.from({ length: sizeOf(shape) }, () => base + spread * source.normal())
      return [name, { shape, data }]
    }),
  )
}

export const constants = (values: Readonly<Record<string, Value>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(values).map(([name, { shape, data }]) => [name, constant(data, shape, 'float64')]),
  )

/** Weights as files hold them, `[out, in]`. */
export const stored = (options: DitOptions, values: Readonly<Record<string, Value>>): Weights =>
  Object.fromEntries(
    Object.entries(ditParameters(options)).map(([name, { transposed }]) => {
      const { shape, data } = values[name]
      if (!transposed) return [name, { shape, data }]
      const [rows, columns] = shape
      const swapped = data.map((_, k) => data[(k % rows) * columns + Math.floor(k / rows)])
      return [name, { shape: [columns, rows], data: swapped }]
    }),
  )

/** Some samples, the last of which is told nothing. */
export function samplesOf({ shape, classes, vector, interval, scale }: DitOptions): Sample[] {
  const source = random(2, 'samples')
  return [0, 1, 2].map(i => ({
    x: Array.from({ length: sizeOf(shape) }, () => source.normal()),
    s: [0.9, 0.7, 0.55][i],
    t: [0.2, 0.6, 0.05][i],
    ...(i < 2 && {
      ...(classes !== undefined && { label: i }),
      ...(vector !== undefined && { vector: Array.from({ length: vector }, () => source.normal()) }),
      ...(scale !== 'none' && { w: [1.7, 4][i] }),
      ...(interval && { low: [0.1, 0.3][i], high: [0.8, 0.9][i] }),
    }),
  }))
}

/** A condition of a batch as a network sees it. */
interface Seen {
  readonly value: Value
  readonly dtype: 'int64' | 'float64'
}

/** Samples one after another, as a network takes them; `seen` are the conditions by name. */
export function batchOf(options: DitOptions, samples: readonly Sample[]) {
  const { shape, classes, vector, interval, scale } = options
  const count = samples.length
  const time = (of: (sample: Sample) => number): Value => ({
    shape: timeShape(count, shape),
    data: Float64Array.from(samples, of),
  })
  const rows = (shape: readonly number[], of: (sample: Sample) => readonly number[]): Value => ({
    shape: [count, ...shape],
    data: Float64Array.from(samples.flatMap(of)),
  })
  const float = (value: Value): Seen => ({ value, dtype: 'float64' })
  const flagged = (size: number) => (sample: Sample) =>
    sample.vector ? [...sample.vector, 0] : [...new Array<number>(size).fill(0), 1]
  const seen: Readonly<Record<string, Seen>> = {
    ...(classes !== undefined && {
      class: { value: rows([], ({ label = classes }) => [label]), dtype: 'int64' as const },
    }),
    ...(vector !== undefined && { vector: float(rows([vector + 1], flagged(vector))) }),
    ...(scale !== 'none' && { scale: float(time(({ w = 1 }) => w)) }),
    ...(interval && {
      low: float(time(({ low = 0 }) => low)),
      high: float(time(({ high = 1 }) => high)),
    }),
  }
  return {
    x: rows(shape, ({ x }) => x),
    s: time(({ s }) => s),
    t: time(({ t }) => t),
    seen,
    /** The same as constants of a graph. */
    condition: (): Condition<Tensor> =>
      Object.fromEntries(
        Object.entries(seen).map(
          ([
            name,
            {
              value: { shape, data },
              dtype,
            },
          ]) => [name, constant(data, shape, dtype)],
        ),
      ),
  }
}
