import { constant, type Value } from '../../src/autodiff/index.ts'
import {
  type BoundNetwork,
  type FlowMap,
  fromVelocity,
  pathOf,
  trajectoryPath,
} from '../../src/model/index.ts'
import type { Draw } from '../../src/objective/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import { meanOver, type Posterior, posterior, type Rule, repeat, spaced } from './posterior.ts'
import { type Batch, batch, column, type Roles } from './setting.ts'
import { type Term, terms } from './terms.ts'
import type { World } from './worlds.ts'

/** What theory promises of one residual at the exact solution. */
export type Expectation =
  | { readonly kind: 'zero' }
  /** Zero in the mean over the data and noise that the path's point at this time may come from. */
  | { readonly kind: 'mean'; readonly given: 's' | 't' }
  /** Of an order in a step, as it is or in the mean. */
  | { readonly kind: 'order'; readonly order: number; readonly step: Step; readonly mean?: boolean }
  /** A value that is known otherwise. */
  | { readonly kind: 'value'; readonly expected: (draw: Draw) => Draw['s'] }

/** How a step enters: as an option, or as a time that it moves. */
type Step = (h: number) => { readonly options?: object; readonly batch?: Batch }

export interface Claim {
  /** One for each call of `error`. */
  readonly promises: readonly Expectation[]
  /** Numbers among the options; for an order, those of the step come on top. */
  readonly options?: object
  readonly batch?: Batch
  /** Who plays which part, where the map at hand is not simply the student. */
  readonly roles?: (world: World, map: FlowMap, posterior: Posterior) => Partial<Roles>
  readonly rule?: Rule
  /** What that rule leaves, where it is more than the world does. */
  readonly tolerance?: number
  /** Changes the draws of a posterior. */
  readonly draws?: (world: World, batch: Batch) => Batch
  /** Whether the formula knows the linear path only. */
  readonly linear?: boolean
}

const zero: Expectation = { kind: 'zero' }
const mean = (given: 's' | 't' = 's'): Expectation => ({ kind: 'mean', given })
const isZero: Claim = { promises: [zero] }
const isZeroInMean: Claim = { promises: [mean()] }

const option =
  (name: string): Step =>
  h => ({ options: { [name]: h } })
const second = (step: Step, rest: Partial<Claim> = {}): Claim => ({
  promises: [{ kind: 'order', order: 2, step }],
  ...rest,
})
const secondInMean = (name: string, rest: Partial<Claim> = {}): Claim => ({
  promises: [{ kind: 'order', order: 2, step: option(name), mean: true }],
  ...rest,
})

/** Times of jumps from pure noise, none within a step of 0 or 1: there a difference is one-sided. */
export const inside: Batch = { ...batch, t: column(0.15, 0.3, 0.1, 0.7, 0.45) }

/** The golden fixtures have a single bump. */
const REWARD = {
  kind: 'gaussians',
  centers: [
    [0.3, -0.4],
    [-0.5, 0.6],
    [1.1, 0.2],
  ],
  weights: [0.8, -0.5, 0.4],
  scale: [1.4, 1.2],
} as const
const BETA = 1.3

/** `E[e^{beta r} v_cond | x] / E[e^{beta r} | x]` by another quadrature than the claim's. */
function tilted(world: World): Value {
  const { batch: nodes, weights } = posterior(world, batch, 's', spaced(0.5, 0.3))
  const [v] = valuesOf(
    (x0, eps, s) => pathOf(world.interpolant, x0, eps).velocity(s),
    nodes.x0,
    nodes.eps,
    nodes.s,
  )
  const tilt = weights.map((weight, i) => {
    const reward = REWARD.centers.reduce((sum, center, k) => {
      const [a, b] = center.map((c, d) => ((nodes.x0.data[2 * i + d] - c) / REWARD.scale[d]) ** 2)
      return sum + REWARD.weights[k] * Math.exp(-(a + b) / 2)
    }, 0)
    return weight * Math.exp(BETA * reward)
  })
  const samples = batch.s.data.length
  const mass = meanOver(
    { shape: [tilt.length, 1], data: new Float64Array(tilt.length).fill(1) },
    tilt,
    samples,
  )
  const { shape, data } = meanOver(v, tilt, samples)
  return { shape, data: data.map((sum, i) => sum / mass.data[i >> 1]) }
}

const fixedPoints = new Map<World, Value>()
function fixedPointOf(world: World): Value {
  const point = fixedPoints.get(world) ?? tilted(world)
  fixedPoints.set(world, point)
  return point
}

/** A velocity that is known at the batch's points alone. */
const known = ({ data, shape }: Value): FlowMap => {
  const at = () => constant(data, shape, 'float64')
  return { velocity: at, jump: at }
}

const itm: Claim = {
  ...isZeroInMean,
  options: { beta: BETA, reward: REWARD },
  rule: spaced(0.6, 0),
  tolerance: 1e-6,
  roles: (world, map, { batch: nodes }) => {
    const fixed = known(repeat(fixedPointOf(world), nodes.s.data.length / batch.s.data.length))
    const waved = fromVelocity((x, s, t) => fixed.velocity(x, s, t).add(x.sin().mul(0.05)))
    return { map: map === world.map ? fixed : waved, teacher: world.velocity }
  },
}

/** The student is exact; the map at hand plays the auxiliary velocity. */
const auxiliary: Claim['roles'] = (world, map) => ({
  map: world.map,
  auxiliary: { velocity: (x, t) => map.velocity(x, t) },
})

/** What a straight step along the velocity misses of a map: `2 (F - x - d v)/d^2`. */
const residualOf =
  (world: World, map: FlowMap): BoundNetwork =>
  (x, s, t) => {
    const d = t.sub(s)
    return map
      .jump(x, s, t)
      .sub(x)
      .sub(d.mul(world.velocity.velocity(x, s)))
      .mul(2)
      .div(d.square())
  }

/** The residual is that of the exact map, or for its own part of the map at hand. */
const waves = (isResidual: boolean): Claim => ({
  ...isZero,
  roles: (world, map) => ({
    teacher: world.velocity,
    players: { residual: residualOf(world, isResidual ? map : world.map) },
  }),
})

const flowMatching = isZeroInMean

const DIVERGENCES = ['auto', 'exact', 'rademacher', 'gaussian', 'denoising']

/** What trains a divergence head is held to what it leaves on a curved flow in f2d2.test.ts; what is beside it, here. */
const ofHeads: Readonly<Record<string, Claim | null>> = Object.fromEntries([
  ...['midpoint', 'velocity'].flatMap(space => [
    [`f2d2:shortcut:consistency space=${space}`, isZero],
    [`f2d2:shortcut:divergence space=${space}`, null],
  ]),
  ...DIVERGENCES.flatMap(divergence => [
    [`f2d2:diagonal divergence=${divergence}`, null],
    [`f2d2:meanflow:consistency divergence=${divergence}`, isZeroInMean],
    [`f2d2:meanflow:divergence divergence=${divergence}`, null],
    ...(divergence === 'denoising'
      ? []
      : [
          [`f2d2:lsd:consistency divergence=${divergence}`, isZero],
          [`f2d2:lsd:divergence divergence=${divergence}`, null],
        ]),
  ]),
])

/** Keys of the drifts. */
const drifts = ['laplace', 'gaussian'].flatMap(kernel =>
  ['separate', 'joint'].flatMap(normalisation =>
    [false, true].map(
      each => `drifting kernel=${kernel} normalisation=${normalisation} normaliseDrift=${each}`,
    ),
  ),
)

/** Every formula of the catalogue, by its key in `terms`; `null` where the exact solution promises nothing. */
export const claims: Readonly<Record<string, Claim | null>> = {
  ...ofHeads,
  'flow-matching': flowMatching,
  reflow: flowMatching,
  'denoise weighting=none': flowMatching,
  'denoise weighting=min-snr': flowMatching,
  'denoise weighting=likelihood': flowMatching,
  // Where a condition says nothing; with one, `guidance/rules.test.ts`.
  gft: isZeroInMean,
  'teacher-velocity': isZero,
  'itm draw=path': itm,
  // These are held to what they leave at the tilted velocity in steering.test.ts.
  'itm draw=posterior': null,
  'mfm-ft': null,
  'reward-backprop:reward by=l2': null,
  'reward-backprop:reward by=kl': null,
  'reward-backprop:semigroup by=l2': isZero,
  'reward-backprop:semigroup by=kl': isZero,
  'psd space=map': isZero,
  'psd space=velocity': isZero,
  'psd space=midpoint': isZero,
  'semigroup space=map': isZero,
  'semigroup space=velocity': isZero,
  'semigroup space=midpoint': isZero,
  shortcut: isZero,
  splitmeanflow: isZero,
  'pfmm space=map': isZero,
  'pfmm space=velocity': isZero,
  lmd: isZero,
  'lmd-discrete': second(h => ({ batch: { ...batch, m: shifted(batch.t, h) } })),
  lsd: isZero,
  'ayf-lmd': isZero,
  'tvm:terminal': isZero,
  'tvm:anchor': { promises: [mean('t')] },
  pid: second(option('h'), { batch: inside }),
  'boot:bootstrap': second(option('delta'), { batch: inside }),
  'boot:boundary': isZero,
  'freeflow:prediction': second(option('h'), { batch: inside }),
  // Two equal velocities leave nothing to correct, whatever the student is.
  'freeflow:correction': { ...isZero, roles: auxiliary },
  'freeflow:auxiliary': {
    ...isZeroInMean,
    roles: auxiliary,
    linear: true,
    // The student's sample is `x0` when its noise is where the flow takes `x0`.
    draws: ({ map }, nodes) => {
      const [eps] = valuesOf((x0, s) => map.jump(x0, s.mul(0), s.mul(0).add(1)), nodes.x0, nodes.s)
      return { ...nodes, eps, noise: nodes.eps, r: nodes.s }
    },
  },
  emd: isZero,
  'emd-discrete': second(h => ({ batch: { ...batch, m: shifted(batch.s, -h) } })),
  'esd spatialGradient=false': isZero,
  'esd spatialGradient=true': isZero,
  'ayf-emd tangentNormalization=false': isZero,
  'ayf-emd tangentNormalization=true': { ...isZero, options: { c: 1 } },
  meanflow: isZeroInMean,
  imf: isZeroInMean,
  // What is below the logarithm. That moves the optimum: the gradient is of residuals over their own size, whose mean is 0 where
  // they are as large on either side, and nowhere else in general.
  dmf: isZeroInMean,
  alphaflow: secondInMean('alpha'),
  'soflow weighting=none': second(option('d')),
  // The residual is divided by the step.
  'soflow weighting=gap': { promises: [{ kind: 'order', order: 1, step: option('d') }] },
  ct: secondInMean('delta'),
  cd: second(option('delta')),
  ict: secondInMean('delta'),
  ect: secondInMean('delta'),
  'scm velocity=teacher tangentNormalization=false': isZero,
  'scm velocity=teacher tangentNormalization=true': { ...isZero, options: { c: 1 } },
  'scm velocity=conditional tangentNormalization=false': isZeroInMean,
  // The mean of normalised tangents is not the normalised mean.
  'scm velocity=conditional tangentNormalization=true': null,
  'facm:consistency': isZero,
  'facm:anchor': {
    ...isZero,
    // Times above 1 ask for the velocity.
    roles: (world, map) => ({
      map: fromVelocity((x, s, t) => map.velocity(x, s.sub(1), t.sub(1))),
      teacher: world.velocity,
    }),
  },
  ctm: second(option('delta')),
  fmm: { promises: [mean(), zero] },
  'falcon:average': isZeroInMean,
  'falcon:inverse': isZero,
  'weighted-flow-matching': flowMatching,
  // Its least value, not 0, is at the map of the energy: density/reverse-kl.test.ts.
  'reverse-kl': null,
  // Held to closed forms of expectations over whole batches in matching/.
  'imm diagonal=false': null,
  'imm diagonal=true': null,
  ...Object.fromEntries(drifts.map(key => [key, null])),
  'frechet classes=false': null,
  'frechet classes=true': null,
  // Held to closed forms of an affine world there too.
  ...Object.fromEntries(
    terms
      .filter(({ id }) =>
        ['dmd', 'dmd-steps', 'sid', 'moment', 'gan', 'cafm', 'self-e', 'tmd-head', 'tmd'].includes(id),
      )
      .map(({ key }) => [key, null]),
  ),
  'psd-velocity-simplex': isZero,
  'fmlm-residual:student': waves(false),
  'fmlm-residual:residual': waves(true),
  'rmf-self': isZero,
  'lmf-inverse': { promises: [mean('t')] },
  // Rows of logits are held to the exact map of finitely many sequences in categorical.test.ts.
  ...Object.fromEntries(
    terms
      .filter(({ id }) =>
        ['cross-entropy', 'psd-simplex', 'lsd-simplex', 'esd-simplex', 'csd', 'ecld'].includes(id),
      )
      .map(({ key }) => [key, null]),
  ),
  piflow: isZero,
  cmt: {
    ...isZero,
    roles: ({ map }) => ({
      path: (s, t, path) => trajectoryPath(s, path.at(s), t, map.jump(path.at(s), s, t)),
    }),
  },
}

/** What is promised of a formula besides, at other numbers among its options. */
export const further: readonly (Pick<Term, 'key' | 'id' | 'part' | 'options'> & { readonly claim: Claim })[] =
  [
    {
      key: 'scm, half warmed up',
      id: 'scm',
      part: null,
      options: { velocity: 'teacher', tangentNormalization: false },
      claim: {
        options: { warmup: 0.5 },
        // At the exact map the derivative is what is left: `s dV = u - V`.
        promises: [
          {
            kind: 'value',
            expected: ({ map, teacher, path, s }) =>
              map
                .velocity(path.at(s), s, s.mul(0))
                .sub(teacher.velocity(path.at(s), s))
                .mul(0.5),
          },
        ],
      },
    },
  ]

export function shifted({ shape, data }: Value, by: number): Value {
  return { shape, data: data.map(time => time + by) }
}
