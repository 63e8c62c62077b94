import type { UserConfig } from '../../config/index.ts'

/** The keys of a transformer. */
interface Transformer {
  readonly patch: number
  readonly width: number
  readonly depth: number
  readonly heads: number
  readonly frequencies: number
}

/** A transformer on pictures of so many pixels a side. */
export interface Picture extends Transformer {
  readonly size: number
}

/** A transformer on text: symbols of a sequence, and of the alphabet. */
export interface Sequence extends Transformer {
  readonly length: number
  readonly symbols: number
}

interface Network {
  /** Of what is trained or sampled. */
  readonly user: UserConfig
  /** Absent for a perceptron, as is the next. */
  readonly picture?: Picture
  readonly sequence?: Sequence
}

/** One training step: loss, gradients, Adam and the moving average. */
export interface Training extends Network {
  readonly kind: 'train'
  readonly name: string
  readonly objective: string
  readonly batch: number
}

/** So many points, in so many jumps. */
export interface Sampling extends Network {
  readonly kind: 'sample'
  readonly name: string
  readonly jumps: number
  readonly count: number
}

/** A row of `oxbow bench`. */
export type Workload = Training | Sampling

const RING: Network = { user: { data: 'ring', network: { hidden: 192, layers: 2, frequencies: 8 } } }
const CHECKERBOARD: Network = {
  user: { data: 'checkerboard', network: { hidden: 256, layers: 4, frequencies: 8 } },
}

const BLOCKS = { width: 128, depth: 6, heads: 4, frequencies: 64 }
/** A run of the graph is of as many steps as are timed at once. */
const CHUNK = 2

function pictures(size: number, patch: number): Network {
  const keys = { patch, ...BLOCKS }
  const user = { data: { glyphs: { size } }, network: { kind: 'dit', ...keys }, chunk: CHUNK } as const
  return { user, picture: { size, ...keys } }
}

/** Sentences of the language `grammar`. */
const TEXT: Network = {
  user: { data: 'grammar', network: { kind: 'transformer', patch: 1, ...BLOCKS }, chunk: CHUNK },
  sequence: { length: 21, symbols: 13, patch: 1, ...BLOCKS },
}

const SHORT: Readonly<Record<string, string>> = { 'flow-matching': 'fm', 'cross-entropy': 'ce' }

const training = (network: Network, of: string, batch: number, objectives: readonly string[]): Training[] =>
  objectives.map(objective => ({
    ...network,
    kind: 'train',
    name: `train-${of ? `${of}-` : ''}${SHORT[objective] ?? objective}-${network.picture?.size ?? batch}`,
    objective,
    batch,
  }))

const THREE = ['psd', 'lsd', 'meanflow']
const SEVEN = ['flow-matching', 'psd', 'lsd', 'esd', 'meanflow', 'imf', 'tvm']
const OF_TEXT = ['cross-entropy', 'psd-simplex']
const OF_PICTURES = ['flow-matching', 'psd', 'meanflow']

const sampling: Sampling[] = [1, 4].flatMap(jumps =>
  [1000, 10_000, 100_000, 1_000_000].map(
    count => ({ ...RING, kind: 'sample', name: `sample-${jumps}-${count}`, jumps, count }) as const,
  ),
)

/**
 * The rows of `oxbow bench`.
 *
 * @param quick  some of them, in minutes
 * @param only  a name, or a part of the names that are wanted
 */
export function workloads(quick: boolean, only = ''): Workload[] {
  const few = [
    ...training(RING, '', 512, THREE),
    ...training(pictures(28, 4), 'dit', 64, OF_PICTURES),
    ...training(TEXT, 'text', 128, ['psd-simplex']),
  ]
  const all = [
    ...[512, 4096, 16_384].flatMap(batch => training(RING, '', batch, SEVEN)),
    ...training(CHECKERBOARD, 'checkerboard', 2048, SEVEN),
    ...[pictures(28, 4), pictures(16, 2)].flatMap(network => training(network, 'dit', 64, OF_PICTURES)),
    ...training(TEXT, 'text', 128, OF_TEXT),
    ...sampling,
  ]
  const rows = quick ? few : all
  const one = rows.filter(({ name }) => name === only)
  return one.length > 0 ? one : rows.filter(({ name }) => name.includes(only))
}
