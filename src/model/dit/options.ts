import { type Conditioning, type EmbeddingName, timeCount } from '../embedding.ts'
import type { ScaleInput } from '../guidance.ts'

/** How blocks are told times and conditions: each is modulated by them (adaLN-zero), or they are tokens beside the patches. */
export type Injection = 'adaln' | 'tokens'
export type Norm = 'layer' | 'rms'
export type Activation = 'gelu' | 'swiglu'
export type Position = 'sincos' | 'rotary' | 'rotary2d' | 'none'
export type Initialization = 'xavier' | 'spectral' | 'scaled'

/** A transformer on the patches of pictures `[height, width, channels]`. Peebles & Xie 2023 (DiT), arXiv:2212.09748. */
export interface DitOptions {
  readonly image: readonly number[]
  /** Side of a patch in pixels, which divides both sides of the picture. */
  readonly patch: number
  /** Numbers of a token, `W`. */
  readonly width: number
  /** Number of blocks. */
  readonly depth: number
  /** Attention heads, which divide the width. */
  readonly heads: number
  /** Hidden units of the perceptron in each block. */
  readonly hidden: number
  readonly conditioning: Conditioning
  /** Blocks that see `s` where the conditioning is `decoupled`; the others and the last layer see `t`. */
  readonly split: number
  readonly embedding: Exclude<EmbeddingName, 'raw'>
  readonly frequencies: number
  /** Multiplies what the embedding `sinusoidal` sees. */
  readonly timeScale: number
  readonly injection: Injection
  /** Tokens of the class or vector, of the scale, of each end of the interval and of each time; of `tokens` alone. */
  readonly labelTokens: number
  readonly scaleTokens: number
  readonly intervalTokens: number
  readonly timeTokens: number
  /** Of `adaln`; blocks with tokens take the root mean square. */
  readonly norm: Norm
  /** Whether each vector of a modulation is brought to a root mean square of 1. */
  readonly modulationNorm: boolean
  /** Whether queries and keys are brought to a root mean square of 1, times a learned scale. */
  readonly qkNorm: boolean
  readonly activation: Activation
  readonly position: Position
  readonly scale: ScaleInput
  /** Whether it is shown the interval in which guidance acts. */
  readonly interval: boolean
  /** Whether the output is multiplied by the guidance scale: `V = w N`. Zhou et al. 2025 (TVM), arXiv:2511.19797. */
  readonly outputScale: boolean
  /** Last blocks that exist twice; the second ones predict the instantaneous velocity. */
  readonly velocityHead: number
  readonly initialization: Initialization
  /** Number of classes, without the null; absent where there are none. */
  readonly classes?: number
  /** Size of the vector that it is told; absent where there is none. */
  readonly vector?: number
}

/** The names of blocks and last layer of an output, and the number of the first block that is its own. */
export interface Head {
  readonly prefix: '' | 'velocity.'
  readonly first: number
}

/** The average velocity's own blocks, and those of the velocity head where there is one. */
export const headsOf = ({ depth, velocityHead }: DitOptions): readonly Head[] => [
  { prefix: '', first: depth - velocityHead },
  ...(velocityHead > 0 ? [{ prefix: 'velocity.', first: depth - velocityHead } as const] : []),
]

/** Patches of a picture in rows and columns. */
export const gridOf = ({ image: [height, width], patch }: Pick<DitOptions, 'image' | 'patch'>) =>
  ({ rows: height / patch, columns: width / patch }) as const

/** What a network is told beside a point: the name of its embedding, and the number of its tokens where it has some. */
export interface Signal {
  readonly name: string
  readonly tokens: number
}

/** What a network is told, in the order of its tokens. */
export function signalsOf(options: DitOptions): readonly Signal[] {
  const { classes, vector, scale, interval, injection, labelTokens } = options
  // Tokens of a label that nobody tells are still tokens.
  const labelled =
    classes !== undefined || vector !== undefined || (injection === 'tokens' && labelTokens > 0)
  return [
    ...(labelled ? [{ name: 'label', tokens: labelTokens }] : []),
    ...(scale === 'none' ? [] : [{ name: 'scale', tokens: options.scaleTokens }]),
    ...(interval ? ENDS.map(name => ({ name, tokens: options.intervalTokens })) : []),
    ...timesOf(options).map(name => ({ name, tokens: options.timeTokens })),
  ]
}

/** The ends of the guidance interval. */
export const ENDS = ['interval.0', 'interval.1'] as const

/** The times that are shown at once. */
export const timesOf = ({ conditioning }: Pick<DitOptions, 'conditioning'>): readonly string[] =>
  Array.from({ length: timeCount(conditioning) }, (_, i) => `time.${i}`)
