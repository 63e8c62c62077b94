import { block, concat, constant, sizeOf, type Tensor } from '../../autodiff/index.ts'
import { type BoundNetwork, divergenceOf, timeShape, withHeads } from '../bound-network.ts'
import { type Condition, seenConditions, stateOf } from '../condition.ts'
import { scaledInput } from '../input-scale.ts'
import type { Named } from '../network.ts'
import { FIRST_LOG_WIDTH, type PolicyKeys } from '../policy.ts'
import { adalnLayers, inContextLayers } from './blocks.ts'
import { linear } from './linear.ts'
import { channelsOf, type DitOptions, forkOf, type Head, headsOf, signalsOf, sizeOfPatch } from './options.ts'
import { POSITION } from './parameters.ts'
import { patchesOf, pointsOf } from './patches.ts'
import { sincosTable } from './position.ts'
import { scaleOf, stateTime, sumOf, tokensOf, toldOf } from './told.ts'

/** The numbers of a policy `[B, policyOutputs]`: means and log weights of each place, and one log width, the mean over patches. */
function policyRows(options: DitOptions, { components }: PolicyKeys, patches: Tensor): Tensor {
  const channels = channelsOf(options)
  const end = sizeOfPatch(options) * channels
  const places = pointsOf(options, patches.slice(2, 0, end), channels)
  const sides = options.shape.slice(0, -1)
  const row = (x: Tensor, each: number) => x.reshape([x.shape[0], sizeOf(sides) * each])
  const means = components * options.shape.at(-1)!
  return concat([
    row(places.slice(-1, 0, means), means),
    row(places.slice(-1, means), components),
    patches.slice(2, end).mean(1).add(FIRST_LOG_WIDTH),
  ])
}

/** What the outputs of a network have in common. */
interface Trunk {
  /** Tokens behind the blocks that they share. */
  readonly h: Tensor
  /** What a block, or at `depth` the last layer, sees of times and conditions. */
  readonly seenBy: (layer: number) => Tensor
}

/**
 * The transformer with its parameters: `N(x, s, t)` of points `[B, ...sides, C]` and times `[B, 1, ...]`, with its heads.
 *
 * @param parameters  by the names of `ditParameters`, weights `[in, out]`
 * @param condition  what each sample is told: `class [B]` int64; `vector [B, size + 1]`, behind it 1 for none and otherwise
 *   0; `scale`, `low` and `high` as times. What is absent is the null, and a scale 1
 */
export function applyDit(
  options: DitOptions,
  parameters: Named<Tensor>,
  condition: Condition<Tensor> = {},
): BoundNetwork {
  const {
    depth,
    width,
    conditioning,
    split,
    injection,
    position,
    outputScale,
    divergenceScale,
    backbone,
    scalesInput,
  } = options
  const inContext = injection === 'tokens'
  const groups = inContext ? signalsOf(options) : []
  const before = groups.reduce((sum, { tokens }) => sum + tokens, 0)
  const layers = inContext ? inContextLayers(options, parameters, before) : adalnLayers(options, parameters)
  const through = (prefix: string, from: number, to: number, { h, seenBy }: Trunk): Tensor => {
    let out = h
    for (let i = from; i < to; i++) {
      out = block((h, e) => layers.block(`${prefix}blocks.${i}`, h, e), out, seenBy(i))
    }
    return out
  }

  /** @param s  the time of the points */
  const embeddedPatches = (name: string, x: Tensor, s: Tensor): Tensor => {
    const seen = scalesInput ? scaledInput(x, s.reshape(timeShape(s.shape[0], options.shape))) : x
    const patches = linear(parameters, name, patchesOf(options, seen))
    if (position === 'learned') return patches.add(parameters[POSITION])
    return position === 'sincos'
      ? patches.add(constant(sincosTable(options), [patches.shape[1], width], patches.dtype))
      : patches
  }

  /** Tokens of the noisy points that the first blocks see alone. */
  const backboneOf = (state: Tensor): Tensor => {
    const { xTau, tau } = stateOf(state, options.shape)
    const seen = stateTime(options, parameters, tau)
    return through('', 0, backbone, {
      h: embeddedPatches('state.patch', xTau, tau),
      seenBy: () => seen,
    })
  }
  // Once for all points and times.
  const features = backbone > 0 && condition.state ? backboneOf(condition.state) : undefined
  const untold = (like: Tensor): Tensor => {
    const size = sizeOf(options.shape)
    return constant(
      seenConditions({ kind: 'state', size }, new Float32Array(size + 1), () => true),
      [1, size + 1],
      like.dtype,
    )
  }

  const start = (x: Tensor, s: Tensor, t: Tensor): Trunk => {
    const told = (late: boolean) => toldOf(options, parameters, condition, { s, t, late })
    const own = embeddedPatches('patch', x, s)
    const placed = backbone > 0 ? own.add(features ?? backboneOf(untold(own))) : own
    const early = told(false)
    if (inContext) {
      const tokens = tokensOf(parameters, early, groups)
      return { h: concat([tokens, placed], 1), seenBy: () => tokens }
    }
    const first = sumOf(early).silu()
    const last = conditioning === 'decoupled' ? sumOf(told(true)).silu() : first
    return { h: placed, seenBy: layer => (layer < split ? first : last) }
  }

  /** Both outputs at the same point and times share what they have in common, and its derivatives. */
  let latest: { readonly asked: readonly Tensor[]; readonly trunk: Trunk } | undefined
  const trunkOf = (...asked: readonly [x: Tensor, s: Tensor, t: Tensor]): Trunk => {
    if (!latest || asked.some((tensor, i) => tensor !== latest!.asked[i])) {
      const begun = start(...asked)
      const h = through('', backbone, forkOf(options), begun)
      latest = { asked, trunk: { ...begun, h } }
    }
    return latest.trunk
  }

  const patchesBy = ({ prefix, blocks }: Head, ...at: readonly [x: Tensor, s: Tensor, t: Tensor]): Tensor => {
    const trunk = trunkOf(...at)
    const h = through(blocks, forkOf(options), depth, trunk)
    return layers.final(`${prefix}final`, h, trunk.seenBy(depth))
  }

  const output =
    (head: Head): BoundNetwork =>
    (x, s, t) => {
      const patches = patchesBy(head, x, s, t)
      if (options.policy) return policyRows(options, options.policy, patches)
      const points = pointsOf(options, patches)
      if (!outputScale) return points
      return points.mul(scaleOf(condition, s).reshape(timeShape(x.shape[0], options.shape)))
    }

  const heads = headsOf(options)
  const find = (name: Head['name']) => heads.find(head => head.name === name)
  const [velocity, divergence] = [find('velocity'), find('divergence')]
  const mean =
    (head: Head): BoundNetwork =>
    (x, s, t) =>
      patchesBy(head, x, s, t).mean([1, 2]).mul(divergenceScale).reshape(timeShape(x.shape[0], options.shape))
  return withHeads(output(heads[0]), {
    ...(velocity && { velocity: output(velocity) }),
    ...(divergence && { divergence: divergenceOf(mean(divergence), divergenceScale) }),
  })
}
