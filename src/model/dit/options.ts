import { type Conditioning, type EmbeddingName, timeCount } from '../embedding.ts'
import type { ScaleInput } from '../guidance.ts'
import type { PolicyKeys } from '../policy.ts'

/** How blocks are told times and conditions: each is modulated by them (adaLN-zero), or they are tokens beside the patches. */
export type Injection = 'adaln' | 'tokens'
export type Norm = 'layer' | 'rms'
export type Activation = 'gelu' | 'swiglu'
export type Position = 'sincos' | 'learned' | 'rotary' | 'rotary2d' | 'none'
export type Initialization = 'xavier' | 'spectral' | 'scaled'

/**
 * A transformer on the patches of points `[...sides, channels]`: pictures, or sequences with one side. Peebles & Xie 2023 (DiT),
 * arXiv:2212.09748.
 */
export interface DitOptions {
  readonly shape: readonly number[]
  /** Side of a patch in pixels or positions, which divides every side. */
  readonly patch: number
  /** Whether it sees `x c(s)`; see `scaledInput`. */
  readonly scalesInput: boolean
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
  /** How many of the first blocks see the noisy point that the map is told, and its time, alone; the others add to what these make. */
  readonly backbone: number
  /** Of a head that predicts the average divergence; 0 for none. */
  readonly divergenceScale: number
  /** How its output is read where that is a policy; absent where it is a picture. */
  readonly policy?: PolicyKeys
  readonly initialization: Initialization
  /** Number of classes, without the null; absent where there are none. */
  readonly classes?: number
  /** Size of the vector that it is told; absent where there is none. */
  readonly vector?: number
}

/** An output of the network. */
export interface Head {
  readonly name: 'average' | 'velocity' | 'divergence'
  /** Of the name of its last layer. */
  readonly prefix: '' | 'velocity.' | 'divergence.'
  /** Of the names of its blocks. */
  readonly blocks: '' | 'velocity.'
  /** Numbers for each patch. */
  readonly outputs: number
}

/** The first block that not all outputs share. */
export const forkOf = ({ depth, velocityHead }: Pick<DitOptions, 'depth' | 'velocityHead'>): number =>
  depth - velocityHead

/**
 * The average velocity, the velocity head where there is one, and the divergence head where there is one: the latter shares
 * the blocks of the average velocity, and its output is the mean over the patches of what its last layer says of each.
 */
export function headsOf(options: DitOptions): readonly Head[] {
  const { velocityHead, divergenceScale, policy } = options
  const outputs = sizeOfPatch(options) * channelsOf(options) + (policy ? 1 : 0)
  const velocity = { name: 'velocity', prefix: 'velocity.', blocks: 'velocity.', outputs } as const
  const divergence = { name: 'divergence', prefix: 'divergence.', blocks: '', outputs: 1 } as const
  return [
    { name: 'average', prefix: '', blocks: '', outputs },
    ...(velocityHead > 0 ? [velocity] : []),
    ...(divergenceScale > 0 ? [divergence] : []),
  ]
}

/** Numbers of the output for each place: those of a point, or means and log weights of a policy. */
export const channelsOf = ({ shape, policy }: Pick<DitOptions, 'shape' | 'policy'>): number =>
  policy ? policy.components * (shape.at(-1)! + 1) : shape.at(-1)!

/** Patches along each side: rows and columns of a picture. */
export const gridOf = ({ shape, patch }: Pick<DitOptions, 'shape' | 'patch'>): number[] =>
  shape.slice(0, -1).map(side => side / patch)

/** Places in a patch. */
export const sizeOfPatch = ({ shape, patch }: Pick<DitOptions, 'shape' | 'patch'>): number =>
  patch ** (shape.length - 1)

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
