import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../src/autodiff/index.ts'
import { ConfigError, merge, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { fromVelocity } from '../../src/model/index.ts'
import { type Objective, objectives, timeLaws } from '../../src/objective/index.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { some } from '../helpers/long.ts'
import { planeFor } from '../helpers/plane.ts'
import { metricsOf, mixture } from '../helpers/training.ts'

const rows = [...objectives.values()]

const small = {
  network: { hidden: 4, layers: 1, frequencies: 2 },
  batch: 8,
} as const satisfies UserConfig

/** A row with a teacher where it needs one, and something changed. */
const changed = ({ id, needs, defaults, sampler }: Objective, ...changes: UserConfig[]): UserConfig => {
  const own = defaults.guidance ? 'class' : 'none'
  const told: UserConfig =
    sampler === 'transition'
      ? { condition: { kind: 'state' }, network: { ...small.network, layers: 2 } }
      : { condition: { kind: own } }
  const { coupling, ...rest } = changes.reduce<UserConfig>(merge, { ...small, ...told, objective: id })
  const solvesAlone = ['reflow', 'cmt'].includes(id)
  const asks = needs.includes('teacher') || needs.includes('flow-map-teacher')
  const teacher = asks && !(solvesAlone && coupling?.teacher) ? 'any' : null
  return { ...rest, teacher, ...(coupling && { coupling }) }
}

const teachers = {
  teacher: fromVelocity(x => x.neg()),
  pretrained: fromVelocity(x => x.neg()),
  energy: (x: Tensor) => x.square().sum(-1),
}

/** The line that a configuration is refused with; nothing where its step can be built. */
function refusal(user: UserConfig): string | undefined {
  try {
    const config = resolveConfig(user)
    const { graph } = buildStep(config, planeFor(config), teachers)
    expect(graph.outputs.length).toBeGreaterThan(3)
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

describe('what makes no sense is refused with the key, the reason and what to do', () => {
  const space = { space: 'velocity' }
  test.each<[UserConfig, RegExp]>([
    // Teachers.
    [
      { objective: 'lsd', teacher: 'exact' },
      /^teacher: lsd does not use a teacher; objectives that do: .*\blmd\b/,
    ],
    [
      { objective: 'psd', coupling: { teacher: 'exact' } },
      /^coupling\.teacher: is not used with coupling\.kind independent; set coupling\.kind reflow, samples or trajectory$/,
    ],
    [
      { objective: 'reflow', teacher: 'exact', coupling: { teacher: 'exact' } },
      /^teacher: reflow only uses coupling\.teacher here; remove one of the two$/,
    ],
    // The batch.
    [
      { objective: 'flow-matching', diagonal: { objective: 'teacher-velocity' }, teacher: 'exact' },
      /^diagonal\.objective: flow-matching is the diagonal term flow-matching itself, found teacher-velocity; choose with --objective$/,
    ],
    [
      { objective: 'itm', teacher: 'exact', diagonal: { objective: 'flow-matching' } },
      /^diagonal\.objective: itm is the diagonal term itm itself, found flow-matching/,
    ],
    [
      { objective: 'meanflow', diagonal: { objective: 'flow-matching' } },
      /^diagonal\.fraction: with 0, the diagonal term flow-matching of meanflow is never trained; use a value above 0, or diagonal\.objective null$/,
    ],
    [
      { objective: 'meanflow', diagonal: { fraction: 0.2 } },
      /^diagonal\.fraction: 0\.2 of the batch has no diagonal term; set diagonal\.objective$/,
    ],
    [
      { objective: 'flow-matching', diagonal: { fraction: 0.2 } },
      /^diagonal\.fraction: flow-matching consists only of a diagonal term and needs 1, found 0\.2$/,
    ],
    [
      { objective: 'psd', diagonal: { fraction: 1 } },
      /^diagonal\.fraction: with 1, no samples are left for psd; use a value below 1, or --objective flow-matching$/,
    ],
    [
      { objective: 'psd', diagonal: { fraction: 0 } },
      /^diagonal: without its diagonal term, psd only copies itself and never sees the data; .*--init-from$/,
    ],
    [
      { objective: 'lsd', diagonal: { weight: 0 } },
      /^diagonal: without its diagonal term, lsd only copies itself/,
    ],
    [
      { objective: 'esd', diagonal: { objective: null, fraction: 0 } },
      /^diagonal: without its diagonal term, esd only copies itself/,
    ],
    [
      { objective: 'meanflow', consistency: { weight: 0 } },
      /^consistency\.weight: with 0, meanflow has nothing to train; use a value above 0$/,
    ],
    [
      { objective: 'flow-matching', diagonal: { weight: 0 } },
      /^diagonal\.weight: with 0, flow-matching has nothing to train/,
    ],
    [
      { objective: 'meanflow', times: { equal: 1 } },
      /^times\.equal: with 1, every pair has t = s, so meanflow learns no jumps; use a value below 1/,
    ],
    [
      { objective: 'psd', times: { between: [1, 1] } },
      /^times\.between: m = s makes psd trivial; use a range strictly inside, e\.g\. \[0\.2, 0\.8\]$/,
    ],
    [
      { objective: 'lmd-discrete', teacher: 'exact', times: { between: [0, 0] } },
      /^times\.between: m = t makes lmd-discrete trivial/,
    ],
    [
      { objective: 'psd', loss: { minSnr: 5 } },
      /^loss\.minSnr: weights errors of a velocity, but psd compares jumps here; use null, or space: velocity$/,
    ],
    [{ objective: 'ct', loss: { minSnr: 5 } }, /^loss\.minSnr: .* ct compares jumps; use null$/],
    [{ objective: 'psd', batch: 3 }, /^batch: 3 is too small for a diagonal fraction of 0\.3$/],
    [
      { objective: 'pid', teacher: 'exact', diagonal: { objective: 'flow-matching', fraction: 0.5 } },
      /^diagonal\.fraction: pid trains without data, and a diagonal term needs points of the path; use 0$/,
    ],
    [
      { objective: 'meanflow', diagonal: { options: { beta: 1 } } },
      /^diagonal\.options: meanflow has no diagonal term here$/,
    ],
    [
      { objective: 'itm', teacher: 'exact', diagonal: { options: { beta: 1 } } },
      /^diagonal\.options: itm is itself the diagonal term; use options$/,
    ],
    // Times.
    [
      { objective: 'psd', options: space, times: { equal: 0.1 } },
      /^times\.equal: psd in velocity space divides by t - s and cannot take equal times; use 0, or space: map$/,
    ],
    [
      { objective: 'splitmeanflow', teacher: 'exact', times: { equal: 0.1 } },
      /^times\.equal: splitmeanflow in velocity space divides by t - s and cannot take equal times; use 0$/,
    ],
    [
      { objective: 'ct', times: { equal: 0.1 } },
      /^times\.equal: ct only jumps to t = 0, so its gaps are fixed; use 0$/,
    ],
    [
      { objective: 'pid', teacher: 'exact', times: { gap: 0.5 } },
      /^times\.gap: pid only jumps from s = 1, so its gaps are fixed; use 1$/,
    ],
    [
      { times: { levels: 4 } },
      /^times\.levels: only the laws dyadic, grid and ratio-step have levels, found triangle$/,
    ],
    [
      { objective: 'lsd', anchor: { law: 'lognormal' } },
      /^anchor\.law: lsd has no anchor with its own time; only tvm has$/,
    ],
    [
      { objective: 'tvm', anchor: { deviation: 2 } },
      /^anchor\.deviation: is not used without a law; set anchor\.law, e\.g\. logit-normal$/,
    ],
    // Weights.
    [
      { objective: 'pid', teacher: 'exact', loss: { minSnr: 5 } },
      /^loss\.minSnr: pid trains at s = 1, where the signal-to-noise ratio, and so the weight, is 0; use null$/,
    ],
    [
      { objective: 'lsd', loss: { minSnr: 5, learned: true } },
      /^loss\.learned: a learned weight would cancel loss\.minSnr; use one/,
    ],
    [
      { loss: { adaptive: { p: 1, c: 1e-3 }, learned: true } },
      /^loss\.learned: with loss\.adaptive of p = 1 every loss is already near 1; use one of the two$/,
    ],
    [
      { objective: 'flow-matching', loss: { gapWeight: 1 } },
      /^loss\.gapWeight: flow-matching trains no gaps; use null$/,
    ],
    [
      { objective: 'fmm', loss: { gapWeight: 1 } },
      /^loss\.gapWeight: is made for jumps towards the data, and fmm jumps both ways; use times\.gap$/,
    ],
    [
      { objective: 'itm', teacher: 'exact', loss: { kind: 'cauchy' } },
      /^loss: itm is right in the conditional mean only, which a robust or adaptive loss moves; use mse$/,
    ],
    [
      { objective: 'scm', loss: { adaptive: { p: 1, c: 1 } } },
      /^loss: scm with tangentNormalization has a residual of fixed size already; use mse, or tangentNormalization: false$/,
    ],
    // Couplings.
    [
      { objective: 'psd', teacher: 'exact', coupling: { kind: 'trajectory' } },
      /^coupling\.kind: points of a trajectory are not points of the path that psd needs; use reflow, or --objective cmt$/,
    ],
    [
      { objective: 'cmt', teacher: 'exact', coupling: { kind: 'reflow' } },
      /^coupling\.kind: cmt learns from trajectories; use trajectory, found reflow$/,
    ],
    [
      { objective: 'freeflow', teacher: 'exact', coupling: { kind: 'samples' } },
      /^coupling\.kind: freeflow never sees data, so a coupling has no effect; use independent$/,
    ],
    [
      { objective: 'reflow', teacher: 'exact', coupling: { kind: 'samples' } },
      /^coupling\.kind: reflow learns from the coupling reflow; use reflow, found samples$/,
    ],
    [
      { objective: 'itm', teacher: 'exact', coupling: { kind: 'reflow' } },
      /^coupling\.kind: itm needs a fresh noise for each sample; use samples or independent$/,
    ],
    [
      { objective: 'psd', teacher: 'exact', diagonal: { objective: 'itm' }, coupling: { kind: 'reflow' } },
      /^coupling\.kind: itm needs a fresh noise/,
    ],
    // Networks.
    [
      { network: { conditioning: 'decoupled' } },
      /^network\.injection: "decoupled" shows each layer one of the times and needs "layers", found "input"$/,
    ],
    [
      { network: { sourceLayers: 1 } },
      /^network\.sourceLayers: only the conditioning "decoupled" divides the layers; found 1 with "s,t"$/,
    ],
    [
      { network: { conditioning: 'decoupled', injection: 'layers', layers: 2, sourceLayers: 3 } },
      /^network\.sourceLayers: expected 1 to 2, .*; found 3$/,
    ],
    [
      { objective: 'lsd', network: { conditioning: 's' } },
      /^network\.conditioning: "s" gives a velocity network, and lsd trains a two-time map; use "s,t"$/,
    ],
    [
      { objective: 'facm', teacher: 'exact', network: { conditioning: 's-t' } },
      /^network\.conditioning: facm tells its two modes apart by the times themselves, which "s-t" hides; use "s,t"$/,
    ],
    [
      { objective: 'psd', network: { parameterization: 'denoised' }, times: { minimum: 0 } },
      /^times\.minimum: the denoised parameterization divides by s and needs a minimum above 0, e\.g\. 0\.05$/,
    ],
    [
      { objective: 'tvm', network: { parameterization: 'denoised' } },
      /^network\.parameterization: denoised divides by the time .*, and tvm also starts from its target time, which reaches 0; use average-velocity$/,
    ],
    // Policies.
    [
      { objective: 'psd', network: { parameterization: 'policy', conditioning: 's' } },
      /^network\.parameterization: a policy gives every velocity of a jump at once, which piflow trains and psd does not; use average-velocity$/,
    ],
    [
      { objective: 'self-e', options: { fake: false } },
      /^options\.fake: without a fake score self-e compares what the model says with and without a condition; use --condition class/,
    ],
    [
      {
        objective: 'self-e',
        options: { fake: false },
        data: 'ring',
        condition: { kind: 'class', drop: 0 },
      },
      /^options\.fake: without a fake score self-e compares/,
    ],
    [
      { objective: 'piflow', teacher: 'exact', network: { parameterization: 'denoised' } },
      /^network\.parameterization: piflow trains a policy; use policy, found denoised$/,
    ],
    [
      { objective: 'piflow', teacher: 'exact', network: { conditioning: 's,t' } },
      /^network\.conditioning: a policy only sees the time at which a jump starts; use "s", found "s,t"$/,
    ],
    [
      { network: { components: 4 } },
      /^network\.components: only a policy has components; use the objective piflow, or remove this key$/,
    ],
    [
      {
        objective: 'piflow',
        teacher: 'exact',
        data: { glyphs: { size: 8 } },
        network: { kind: 'dit', velocityHead: 1 },
      },
      /^network\.velocityHead: a policy has one output, which nothing multiplies; use 0$/,
    ],
    // Maps of velocities at noisy points.
    [
      { objective: 'tmd-head', condition: { kind: 'none' } },
      /^condition\.kind: tmd-head conditions its map on a noisy point; use state, found none$/,
    ],
    [
      { objective: 'tmd-head', condition: { drop: 0.1 } },
      /^condition\.drop: tmd-head needs the noisy point for every sample; use 0, found 0\.1$/,
    ],
    [
      { objective: 'tmd', teacher: 'exact', network: { backbone: 0 } },
      /^network\.backbone: tmd makes features of a noisy point once for all inner jumps; use 1 or more layers, found 0$/,
    ],
    [
      { objective: 'tmd-head', network: { backbone: 2 } },
      /^network\.backbone: expected fewer than the 2 hidden layers, so that one sees the points; found 2$/,
    ],
    [
      { objective: 'psd', network: { backbone: 1 } },
      /^network\.backbone: the first layers of psd see every point anew; use 0, or one of tmd-head and tmd; found 1$/,
    ],
    [
      { objective: 'tmd-head', network: { injection: 'layers' } },
      /^network\.injection: the layers of a backbone see no times; use "input", found "layers"$/,
    ],
    [
      { objective: 'tmd-head', adversarial: { weight: 0.1 } },
      /^adversarial: acts on the jump from noise to data, but the map of tmd-head jumps between velocities; remove this key$/,
    ],
    [
      { objective: 'tmd-head', network: { kind: 'dit', depth: 2, backbone: 2 } },
      /^network\.backbone: expected fewer than the 2 blocks, so that one sees the points; found 2$/,
    ],
    [
      { objective: 'tmd-head', network: { kind: 'dit', velocityHead: 1 } },
      /^network\.velocityHead: the blocks of a backbone see no times of the map; use 0, found 1$/,
    ],
    [
      { objective: 'psd', condition: { kind: 'state' }, network: { kind: 'dit' } },
      /^condition\.kind: a network of kind dit does not support the condition state; use none$/,
    ],
    // Training.
    [
      { objective: 'freeflow', teacher: 'exact', interpolant: 'trig' },
      /^interpolant: freeflow adds noise to its samples along the linear path, .*; use linear, found trig$/,
    ],
    [{ ema: 0 }, /^target: "ema" needs ema above 0; use target: student$/],
    [
      { steps: 0 },
      /^steps: 0 is only useful with --init-from RUN, .*; expected at least 1, or --init-from RUN$/,
    ],
    [{ steps: 5, schedule: { warmup: 6 } }, /^schedule\.warmup: 6 is more than the 5 steps of the run$/],
  ])('%j', (config, message) => {
    expect(() => resolveConfig(config)).toThrow(ConfigError)
    expect(() => resolveConfig(config)).toThrow(message)
  })
})

/** Changes that have nothing to do with the objective, one at a time. */
const VARIANTS: Record<string, UserConfig> = {
  nothing: {},
  'pseudo-huber': { loss: { kind: 'pseudo-huber', adaptive: null } },
  cauchy: { loss: { kind: 'cauchy', adaptive: null } },
  adaptive: { loss: { adaptive: { p: 0.5, c: 1e-3 } } },
  minSnr: { loss: { minSnr: 5 } },
  gapWeight: { loss: { gapWeight: 1 } },
  learned: { loss: { learned: true, adaptive: null } },
  'learned with cauchy': { loss: { learned: true, adaptive: null, kind: 'cauchy' } },
  ...Object.fromEntries(Object.keys(timeLaws).map(law => [law, { times: { law, levels: 7 } } as UserConfig])),
  gap: { times: { gap: { kind: 'linear', from: 0.1, to: 1 } } },
  trig: { interpolant: 'trig' },
  vp: { interpolant: 'vp' },
  denoised: { network: { parameterization: 'denoised' } },
  's,s-t': { network: { conditioning: 's,s-t' } },
  's-t': { network: { conditioning: 's-t' } },
  s: { network: { conditioning: 's' } },
  decoupled: { network: { conditioning: 'decoupled', injection: 'layers' } },
  layers: { network: { injection: 'layers' } },
  student: { target: 'student' },
  ema: { target: 'ema' },
  'no average': { ema: 0, target: 'student' },
  'reflow pairs': { coupling: { kind: 'reflow', teacher: 'any' } },
  samples: { coupling: { kind: 'samples', teacher: 'any' } },
}

const idsWhere = (matches: (row: Objective) => boolean): string[] => rows.filter(matches).map(({ id }) => id)
const velocities = idsWhere(({ parts }) => parts === null)
const maps = idsWhere(({ parts }) => parts !== null)
const fromNoise = idsWhere(({ jumps }) => jumps === 'from-noise')
const toData = idsWhere(({ jumps }) => jumps === 'to-data')
/** In their default options. */
const ofJumps =
  'psd semigroup pfmm lmd-discrete emd-discrete ct cd ict ect ctm fmm cmt reward-backprop falcon self-e fmlm-residual'.split(
    ' ',
  )
/** Those that compare the samples of a batch. */
const batchwise = ['imm', 'drifting', 'frechet']
/** Those that match distributions in turns. */
const matched = ['dmd', 'dmd-steps', 'sid', 'moment', 'gan', 'tmd']
/** Their map is one of velocities at noisy points. */
const levels = ['tmd-head', 'tmd']

/** Maps with a divergence head, which jump both ways. */
const heads = ['f2d2:shortcut', 'f2d2:meanflow', 'f2d2:lsd']

/** Their network gives a policy. */
const policies = idsWhere(({ parameterization }) => parameterization === 'policy')
const ofSymbols = idsWhere(({ parameterization }) => parameterization === 'simplex')
const ofLinear: [RegExp, string[]] = [
  /the (policy|simplex) parameterization belongs to the linear path/,
  [...policies, ...ofSymbols],
]
const atOnce: [RegExp, string[]] = [/only sees the time at which a jump starts/, policies]

const ofStates: [RegExp, string[]] = [
  /^condition\.kind: state tells a noisy point of the linear path/,
  levels,
]
const others = matched.filter(id => !levels.includes(id))
const ofBackbone: [RegExp, string[]] = [/the layers of a backbone see no times/, levels]

/** Their loss is a divergence or a sum over symbols. */
const divergences = ofSymbols.filter(id => !['psd-velocity-simplex', 'fmlm-residual'].includes(id))

const stands: [RegExp, string[]] = [
  /^loss\.\w+: \S+ already has a robust loss/,
  ['dmf', 'reverse-kl', ...batchwise, ...matched, ...divergences],
]

/** Which rows refuse a change, and why. */
const REFUSED: Record<string, [reason: RegExp, ids: readonly string[]][]> = {
  'pseudo-huber': [
    stands,
    [/is right in the conditional mean/, ['itm', 'mfm-ft']],
    [/residual of fixed size already/, ['scm']],
  ],
  cauchy: [
    stands,
    [/is right in the conditional mean/, ['itm', 'mfm-ft']],
    [/residual of fixed size already/, ['scm']],
  ],
  adaptive: [
    stands,
    [/is right in the conditional mean/, ['itm', 'mfm-ft']],
    [/residual of fixed size already/, ['scm']],
  ],
  'learned with cauchy': [
    stands,
    [/is right in the conditional mean/, ['itm', 'mfm-ft']],
    [/residual of fixed size already/, ['scm']],
  ],
  learned: [[/cannot be weighed one by one/, batchwise]],
  minSnr: [
    stands,
    [
      /signal-to-noise ratio, and so the weight, is 0/,
      fromNoise.filter(id => !['reverse-kl', ...batchwise, ...matched].includes(id)),
    ],
    [/weights errors of a velocity, but \S+ compares jumps/, ofJumps],
  ],
  gapWeight: [
    [/trains no gaps/, velocities],
    stands,
    [/jumps both ways/, ['fmm', 'falcon', 'lmf-inverse', ...heads]],
  ],
  'ratio-step': [[/^times\.between: ratio-step places m/, [...policies, 'fmlm-residual']]],
  gap: [[/its gaps are fixed/, [...toData, ...fromNoise]]],
  trig: [
    ofLinear,
    [/along the linear path/, ['freeflow', 'imm', 'self-e', ...others]],
    ofStates,
    [/a noisy point of the linear path/, ['mfm-ft']],
  ],
  vp: [
    ofLinear,
    [/along the linear path/, ['freeflow', 'imm', 'self-e', ...others]],
    ofStates,
    [/a noisy point of the linear path/, ['mfm-ft']],
  ],
  denoised: [
    [/also starts from its target time/, ['lsd', 'tvm', 'fmm', 'falcon', 'lmf-inverse', ...heads]],
    [/reads logits; use simplex/, ofSymbols],
    [/trains a policy; use policy|gives a velocity network/, policies],
  ],
  's,s-t': [atOnce],
  decoupled: [atOnce, ofBackbone],
  layers: [ofBackbone],
  's-t': [[/tells its two modes apart/, ['facm']], atOnce],
  s: [[/gives a velocity network/, maps.filter(id => !policies.includes(id))]],
  'reflow pairs': [
    [/^coupling\.kind: condition state needs/, ['tmd-head', 'tmd']],
    [/which gft does not guide/, ['gft']],
    [/a fresh noise for each sample/, ['itm']],
    [/learns from trajectories/, ['cmt']],
    [/never sees data|does not pair noise with data/, fromNoise],
  ],
  samples: [
    [/^coupling\.kind: condition state needs/, ['tmd-head', 'tmd']],
    [/which gft does not guide/, ['gft']],
    [/reflow learns from the coupling reflow/, ['reflow']],
    [/learns from trajectories/, ['cmt']],
    [/never sees data|does not pair noise with data/, fromNoise],
  ],
}

test('a self-distillation without its diagonal may go on from a trained run', () => {
  const alone: UserConfig = { objective: 'psd', diagonal: { fraction: 0 }, initFrom: 'runs/trained' }
  expect(resolveConfig(alone).diagonal.fraction).toBe(0)
})

describe('every row takes every change, or refuses it for a known reason', () => {
  test.each(some(Object.entries(VARIANTS)))('%s', (name, variant) => {
    const found = Object.fromEntries(
      rows.flatMap(row => {
        const message = refusal(changed(row, variant))
        return message === undefined ? [] : [[row.id, message]]
      }),
    )
    const expected = (REFUSED[name] ?? []).flatMap(([reason, ids]) =>
      ids.map(id => [id, expect.stringMatching(reason)]),
    )
    expect(found).toEqual(Object.fromEntries(expected))
  })

  const REASONS = [
    ...Object.values(REFUSED).flatMap(list => list.map(([reason]) => reason)),
    // Of two changes at once.
    /^loss\.learned: /,
    /^target: "ema" needs ema above 0/,
    /^network\.injection: "decoupled"/,
    /^loss\.gapWeight: /,
  ]
  test('and any three changes at once', () => {
    const names = Object.keys(VARIANTS)
    const plan = fc.tuple(fc.constantFrom(...rows), fc.subarray(names, { minLength: 2, maxLength: 3 }))
    let built = 0
    fc.assert(
      fc.property(plan, ([row, chosen]) => {
        const message = refusal(changed(row, ...chosen.map(name => VARIANTS[name])))
        if (message === undefined) built++
        else
          expect(
            REASONS.some(reason => reason.test(message)),
            message,
          ).toBe(true)
      }),
      { numRuns: 150, seed: 3 },
    )
    expect(built).toBeGreaterThan(50)
  })
})

describe('what is accepted trains', () => {
  const folder = temporaryFolder('sense')
  const base: UserConfig = {
    data: mixture,
    network: { hidden: 16, layers: 2, frequencies: 4 },
    batch: 64,
    steps: 30,
    logEvery: 10,
    optimizer: { learningRate: 3e-3 },
  }
  const vp = { interpolant: 'vp' } as const
  const denoised = { network: { ...base.network, parameterization: 'denoised' } } as const
  const decoupled = {
    network: { ...base.network, conditioning: 'decoupled', injection: 'layers' },
  } as const
  const learned = { loss: { learned: true, adaptive: null } } as const
  const dyadic = { times: { law: 'dyadic' } } as const

  test.each<[string, UserConfig]>([
    ['vp under MeanFlow', { objective: 'meanflow', ...vp }],
    ['vp down to the data', { objective: 'scm', ...vp, times: { minimum: 0 } }],
    ['vp at dyadic times, the data among them', { objective: 'lsd', ...vp, ...dyadic }],
    ['vp with Min-SNR', { objective: 'esd', ...vp, loss: { minSnr: 5 } }],
    ['trig to the data', { objective: 'ict', interpolant: 'trig' }],
    ['a denoised map to the data', { objective: 'ct', ...denoised }],
    ['a denoised continuous one', { objective: 'scm', ...denoised }],
    ['a denoised one with an anchor', { objective: 'facm', teacher: 'exact', ...denoised }],
    ['a denoised composition at dyadic times', { objective: 'psd', ...denoised, ...dyadic }],
    ['a learned weight of a Cauchy loss', { objective: 'psd', loss: { learned: true, kind: 'cauchy' } }],
    ['a learned weight of MeanFlow', { objective: 'meanflow', ...learned }],
    ['a learned weight of two directions', { objective: 'fmm', ...learned }],
    ['a decoupled two-way map', { objective: 'fmm', ...decoupled }],
    ['a decoupled consistency model', { objective: 'ect', ...decoupled }],
    ['SoFlow at equal times', { objective: 'soflow', times: { equal: 0.5 } }],
    [
      'growing gaps and their weight',
      { objective: 'tvm', times: { gap: { kind: 'cosine', from: 0.1, to: 1 } }, loss: { gapWeight: 1 } },
    ],
    ['lognormal times of a composition', { objective: 'shortcut', times: { law: 'lognormal', levels: 7 } }],
    [
      'a tilted diagonal term',
      { objective: 'psd', teacher: 'exact', diagonal: { objective: 'itm', options: { beta: 0.5 } } },
    ],
  ])('%s', async (name, config) => {
    const directory = join(folder, name)
    const { finished } = await train({ ...base, ...config }, { directory })
    expect(finished).toBe(true)
    const losses = metricsOf(directory).map(({ loss }) => loss)
    expect(losses).toHaveLength(4)
    for (const loss of losses) expect(Math.abs(loss)).toBeLessThan(100)
  })
})
