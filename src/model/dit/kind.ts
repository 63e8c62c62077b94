import { z } from 'zod'
import { sizeOf } from '../../autodiff/index.ts'
import { keepsTimes } from '../conversion.ts'
import { divergenceHeadSchema } from '../divergence-head.ts'
import { scaleInputs } from '../guidance.ts'
import type { NetworkKind, PointSpec } from '../network.ts'
import { conversion, withoutCondition } from './conversion.ts'
import { applyDit } from './dit.ts'
import { initializeDit } from './initialize.ts'
import { type DitConfig, type DitKeys, hiddenOf, optionsOf } from './keys.ts'
import { gridOf } from './options.ts'
import { ditParameters } from './parameters.ts'

/** The highest frequency of `fourier` doubles with each. */
const MOST_FOURIER = 24

const count = z.int().positive()

/** What the width of a head must be divisible by. */
const PAIRS = { sincos: 1, learned: 1, none: 1, rotary: 2, rotary2d: 4 } as const

/** @param sides  of a point: 2 of a picture, 1 of a sequence */
export function ditProblem(config: DitConfig, sides: number): string | undefined {
  const { width, heads, depth, position, conditioning, split, injection, embedding, velocityHead } = config
  if (width % heads !== 0) {
    return `network.heads: expected a divisor of the width ${width}, found ${heads}`
  }
  const sines = position === 'sincos' || position === 'learned'
  if (sines && width % (2 * sides) !== 0) {
    return `network.width: the position "${position}" needs a multiple of ${2 * sides}, found ${width}`
  }
  if ((width / heads) % PAIRS[position] !== 0) {
    return `network.heads: the position "${position}" turns ${PAIRS[position] === 4 ? 'pairs by row and by column' : 'pairs'} and needs heads whose width is a multiple of ${PAIRS[position]}, found ${width / heads}; use other heads or another position`
  }
  if (injection === 'tokens' && conditioning === 'decoupled') {
    return 'network.injection: "tokens" shows every block the same tokens, and "decoupled" shows blocks different times; use "adaln"'
  }
  if (injection === 'tokens' && config.modulationNorm) {
    return 'network.modulationNorm: blocks with "tokens" have no modulation; use false, or the injection "adaln"'
  }
  if (split !== null && conditioning !== 'decoupled') {
    return `network.split: only the conditioning "decoupled" divides the blocks; found ${split} with "${conditioning}"`
  }
  if (split !== null && split > depth) {
    return `network.split: expected 1 to ${depth}, the number of blocks; found ${split}`
  }
  if (velocityHead > depth) {
    return `network.velocityHead: expected 0 to ${depth}, the number of blocks; found ${velocityHead}`
  }
  if (config.parameterization === 'policy' && (velocityHead > 0 || config.outputScale)) {
    return `network.${velocityHead > 0 ? 'velocityHead' : 'outputScale'}: a policy has one output, which nothing multiplies; use ${velocityHead > 0 ? 0 : false}`
  }
  if (config.backbone > 0 && config.backbone >= depth) {
    return `network.backbone: expected fewer than the ${depth} blocks, so that one sees the points; found ${config.backbone}`
  }
  if (config.backbone > 0 && (injection === 'tokens' || conditioning === 'decoupled' || velocityHead > 0)) {
    const [key, use, found] =
      injection === 'tokens'
        ? ['injection', '"adaln"', '"tokens"']
        : velocityHead > 0
          ? ['velocityHead', 0, velocityHead]
          : ['conditioning', '"s,t"', '"decoupled"']
    return `network.${key}: the blocks of a backbone see no times of the map; use ${use}, found ${found}`
  }
  if (embedding === 'fourier' && config.timeScale !== 1) {
    return `network.timeScale: only the embedding "sinusoidal" has one; use 1, found ${config.timeScale}`
  }
  if (embedding === 'fourier' && config.frequencies > MOST_FOURIER) {
    return `network.frequencies: the embedding "fourier" doubles them and takes at most ${MOST_FOURIER}, found ${config.frequencies}`
  }
  return undefined
}

function misfit({ patch }: DitConfig, { shape }: PointSpec): string | undefined {
  if (shape.length !== 3) {
    return `network.kind: dit is for pictures [height, width, channels], found points [${shape.join(', ')}]; use ${shape.length === 2 ? 'transformer' : 'mlp'}`
  }
  const [height, width] = shape
  if (height % patch === 0 && width % patch === 0) return undefined
  const fit = Array.from({ length: Math.min(height, width) }, (_, i) => i + 1).filter(
    side => height % side === 0 && width % side === 0,
  )
  const few = fit.some(side => side >= 2 && side <= 8) ? '' : '; pictures of another size have more divisors'
  return `network.patch: expected a divisor of both sides of the pictures, ${height} x ${width} (${fit.join(', ')}); found ${patch}${few}`
}

/** A transformer on patches of pictures. */
export const dit: NetworkKind<DitKeys> = {
  kind: 'dit',
  keys: {
    patch: count.max(256),
    width: count.max(8192),
    depth: count.max(128),
    heads: count.max(256),
    hidden: count.max(65_536).nullable(),
    split: count.nullable(),
    embedding: z.enum(['sinusoidal', 'fourier']),
    frequencies: count.max(1024),
    timeScale: z.number().positive(),
    injection: z.enum(['adaln', 'tokens']),
    labelTokens: count.max(64),
    scaleTokens: count.max(64),
    intervalTokens: count.max(64),
    timeTokens: count.max(64),
    norm: z.enum(['layer', 'rms']),
    modulationNorm: z.boolean(),
    qkNorm: z.boolean(),
    activation: z.enum(['gelu', 'swiglu']),
    position: z.enum(['sincos', 'learned', 'rotary', 'rotary2d', 'none']),
    scale: z.enum(scaleInputs),
    interval: z.boolean(),
    outputScale: z.boolean(),
    velocityHead: z.int().min(0),
    divergenceHead: divergenceHeadSchema,
    backbone: z.int().min(0).max(127),
    initialization: z.enum(['xavier', 'spectral', 'scaled']),
  },
  defaults: {
    patch: 4,
    width: 128,
    depth: 4,
    heads: 4,
    hidden: null,
    split: null,
    embedding: 'sinusoidal',
    frequencies: 64,
    timeScale: 1,
    injection: 'adaln',
    labelTokens: 8,
    scaleTokens: 4,
    intervalTokens: 2,
    timeTokens: 4,
    norm: 'layer',
    modulationNorm: false,
    qkNorm: false,
    activation: 'gelu',
    position: 'sincos',
    scale: 'none',
    interval: false,
    outputScale: false,
    velocityHead: 0,
    divergenceHead: 0,
    backbone: 0,
    initialization: 'xavier',
  },
  batch: 64,
  conditions: ['class', 'vector'],
  width: 'width',
  network: (config, point) => {
    const options = optionsOf(config, point)
    return {
      parameters: ditParameters(options),
      initialize: source => initializeDit(options, source),
      apply: (parameters, condition) => applyDit(options, parameters, condition),
    }
  },
  activations: (config, { shape }) => {
    const tokens = sizeOf(gridOf({ shape, patch: config.patch }))
    const { width, depth, heads } = config
    return depth * (tokens * (8 * width + 2 * hiddenOf(config)) + heads * tokens ** 2)
  },
  describe: ({ depth, width, patch, heads, injection }) =>
    `${depth} blocks x ${width} (${heads} heads) on patches of ${patch}, told by ${injection}`,
  problem: config => ditProblem(config, 2),
  misfit,
  headShare: ({ depth, backbone }) => (depth - backbone) / depth,
  timeScale: ({ timeScale }) => timeScale,
  seesScale: ({ scale }) => scale !== 'none',
  seesInterval: ({ interval }) => interval,
  scalesOutput: ({ outputScale }) => outputScale,
  inherit: (trained, asked, map) => {
    const { conditioning, split, ...shape } = trained
    return { ...shape, ...(keepsTimes(trained, asked, map) && { conditioning, split }) }
  },
  // What the network is told beside the point is new to it where a velocity becomes a map, and is small.
  adapter: ({ injection, conditioning, scale, interval }) => ({
    targets: ['qkv', 'out', 'mlp', ...(injection === 'adaln' ? ['modulation'] : [])],
    train: [
      ...(conditioning === 'decoupled' ? [] : ['time']),
      ...(scale === 'none' ? [] : ['scale']),
      ...(interval ? ['interval'] : []),
    ],
  }),
  // With tokens a map begins only with a network that was told as much.
  ofVelocity: ({ injection, conditioning }) => ({
    ...{ outputScale: false, velocityHead: 0, divergenceHead: 0, backbone: 0 },
    ...(injection === 'tokens' ? { conditioning } : { split: null, scale: 'none', interval: false }),
  }),
  conversion,
  withoutCondition,
}
