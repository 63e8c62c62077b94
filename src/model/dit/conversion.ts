import { sizeOf } from '../../autodiff/index.ts'
import { random } from '../../random/random.ts'
import { otherCondition } from '../condition-embedding.ts'
import { differenceOf } from '../conversion.ts'
import type { Conversion, Named, PointSpec, Sized } from '../network.ts'
import { initializeDit } from './initialize.ts'
import { type DitConfig, type DitKeys, optionsOf } from './keys.ts'
import { ditParameters } from './parameters.ts'

/** Keys that no conversion changes, beside those of tokens. */
const KEPT = [
  ...['patch', 'width', 'depth', 'heads', 'hidden', 'embedding', 'frequencies', 'timeScale', 'injection'],
  ...['norm', 'modulationNorm', 'qkNorm', 'activation', 'position', 'backbone'],
] as const
const TOKENS = ['labelTokens', 'scaleTokens', 'intervalTokens', 'timeTokens'] as const
/** What a network is told: with tokens, more of it are more of these. */
const TOLD = ['conditioning', 'scale', 'interval'] as const

/** Keys as they work, so that a default and the same number said are the same. */
const settled = (config: DitConfig, point: PointSpec): DitConfig => {
  const { hidden, split } = optionsOf(config, point)
  return { ...config, hidden, split: config.conditioning === 'decoupled' ? split : null }
}

const differs = (a: readonly number[], b: readonly number[]): boolean => a.some((side, i) => side !== b[i])

/** Why a trained transformer cannot be the start of another; nothing when it can. */
function conversionProblem(trained: Sized<DitKeys>, wanted: Sized<DitKeys>): string | undefined {
  const [from, to] = [trained, wanted].map(({ config, point }) => settled(config, point))
  const inContext = to.injection === 'tokens'
  const shape = differenceOf(from, to, inContext ? [...KEPT, ...TOKENS] : KEPT)
  if (shape) return shape
  const [theirs, ours] = [trained, wanted].map(({ point }) => point.shape)
  const [channels, own] = [theirs, ours].map(shape => shape.at(-1))
  if (channels !== own) {
    const [places, numbers] = ours.length === 2 ? ['positions', 'numbers'] : ['pictures', 'channels']
    return `its ${places} have ${channels} ${numbers}, these ${own}`
  }
  if (to.position === 'learned' && differs(theirs, ours)) {
    return `its points are [${theirs.join(', ')}], these [${ours.join(', ')}]; the position "learned" knows the places of one size`
  }
  if (inContext) {
    const told = differenceOf(from, to, TOLD)
    if (told) return `${told}; more tokens are another attention: train it with the same from the beginning`
  }
  const times = differenceOf(from, to, ['conditioning', 'split'])
  if (times && from.conditioning !== 's') {
    return `${times}; only a velocity network ("s") becomes another kind`
  }
  if (times && to.conditioning === 's-t') {
    return `${times}; a velocity depends on s, which a network that sees only s-t never knows`
  }
  for (const key of ['scale', 'interval', 'outputScale'] as const) {
    if (from[key] !== to[key] && from[key] !== 'none' && from[key] !== false) {
      return differenceOf(from, to, [key])
    }
  }
  const heads = differenceOf(from, to, ['velocityHead'])
  return from.velocityHead > 0 && to.velocityHead > 0 && heads ? heads : undefined
}

/** What an addition begins with so that it adds nothing: the last layer of an embedder, or a table. */
const isSilent = (name: string): boolean =>
  /^(time\.\d+|scale|interval\.\d+|vector)\.1\./.test(name) || ['class.table', 'vector.null'].includes(name)

/**
 * Parameters of one transformer as those of another that is told more: the last layer of a new embedder is zero. A velocity
 * becomes a map with `V(x, s, t) = v(x, s)` for every `t`, whose jump is Euler's step; one without classes or scale becomes one
 * that is the same for all of them. A decoupled map has the parameters of its velocity, with `V(x, s, s) = v(x, s)` (Lee et
 * al. 2025, arXiv:2510.24474). A velocity head begins as the blocks that it doubles.
 */
export function conversion(from: Sized<DitKeys>, to: Sized<DitKeys>): Conversion | string {
  const problem = conversionProblem(from, to) ?? otherCondition(from.point.condition, to.point.condition)
  if (problem) return problem
  const options = optionsOf(to.config, to.point)
  return parameters => {
    const drawn = initializeDit(options, random(0, 'added embedders'))
    return Object.fromEntries(
      Object.entries(ditParameters(options)).map(([name, { shape }]) => {
        const known = parameters[name] ?? parameters[name.replace(/^velocity\./, '')]
        return [name, known?.slice() ?? (isSilent(name) ? new Float32Array(sizeOf(shape)) : drawn[name])]
      }),
    )
  }
}

/** The row of none is the same for all samples: it belongs to the tokens of the label, or to the bias of a time. */
export function withoutCondition(
  { injection, width }: DitConfig,
  { condition }: PointSpec,
  parameters: Named<Float32Array>,
): Named<Float32Array> {
  if (!condition) return parameters
  const table = parameters[condition.kind === 'class' ? 'class.table' : 'vector.null']
  const none = table.subarray(table.length - width)
  const into = injection === 'tokens' ? 'tokens.label' : 'time.0.1.bias'
  const moved = parameters[into].map((value, i) => value + none[i % width])
  const own = Object.entries(parameters).filter(([name]) => !/^(class|vector)\./.test(name))
  return { ...Object.fromEntries(own), [into]: moved }
}
