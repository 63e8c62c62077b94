// What docs/images.md compares: rows by their names, each a configuration, what it begins with, and how it is sampled.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export const SETS = ['glyphs', 'mnist']
const NETWORK = { kind: 'dit', patch: 4, width: 96, depth: 4, heads: 4 }
const VELOCITY_STEPS = { glyphs: 8000, mnist: 7700 }
/** Seconds that a map trains beyond its velocity, and that the velocity took, on one thread. */
const SECONDS = { glyphs: { map: 240, velocity: 520 }, mnist: { map: 720, velocity: 1500 } }
/** Seconds of it that 4,096 trajectories of the velocity take, which `cmt` solves before it trains. */
const SOLVING = { glyphs: 50, mnist: 150 }
/** Milliseconds of a step of each row on one thread: `npm run images -- --time`. */
const TIMES = new URL('step-times.json', import.meta.url)
const STEP_MS = JSON.parse(readFileSync(TIMES, 'utf8'))

const merge = (under, over) => {
  const out = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const isBlock = value && typeof value === 'object' && !Array.isArray(value)
    out[key] = isBlock && out[key] && typeof out[key] === 'object' ? merge(out[key], value) : value
  }
  return out
}

/** A configuration of examples/images. */
const recipe = name =>
  parse(readFileSync(new URL(`../../examples/images/${name}.yaml`, import.meta.url), 'utf8'))

const shared = set => ({
  data: set,
  network: NETWORK,
  batch: 64,
  condition: { kind: 'class', drop: 0.1 },
  optimizer: { learningRate: 1e-3, beta2: 0.95 },
  schedule: { kind: 'cosine', warmup: 100 },
  ema: 0.999,
  checkpointEvery: 500,
  logEvery: 100,
})

/** Uniform times seldom draw the jump from pure noise to data, which is the one of one step. */
const FULL = { times: { full: 0.25 } }
const VELOCITY = [
  { method: 'euler', steps: [8, 50] },
  { method: 'euler', steps: [50], guidance: 2 },
]
const MAP = [{ method: 'auto', steps: [1, 2, 4, 8] }]
const ONE_JUMP = [{ method: 'auto', steps: [1] }]
/** Guidance of the jumps of a map that was not trained with any. */
const ON_JUMPS = [2, 3].map(guidance => ({ ...MAP[0], guidance, onJumps: true }))
/** Of a map that is told scales. */
const toldScales = scales => scales.map(guidance => ({ method: 'auto', steps: [1, 2, 4], guidance }))

/** What is an objective's own: laws of times as in its paper, with a quarter of whole jumps where laws are uniform. */
const OBJECTIVES = {
  psd: { ...FULL, diagonal: { fraction: 0.5 } },
  lsd: FULL,
  shortcut: {},
  meanflow: { times: { law: 'logit-normal', mean: -0.4, deviation: 1, equal: 0.5, full: 0.25 } },
  imf: { times: { law: 'logit-normal', mean: -0.4, deviation: 1, equal: 0.5, full: 0.25 } },
  'ayf-emd': FULL,
  tvm: FULL,
  dmf: {
    network: { conditioning: 'decoupled' },
    times: { law: 'sorted-pair', means: [0.4, -1.2], deviation: 1, equal: 0.5 },
    loss: { learned: true },
    optimizer: { clip: 1 },
  },
  ct: {},
  ect: {},
}
const TEACHERS = ['ayf-emd']
const COUPLED = { coupling: { pairs: 4096, steps: 16 } }

/**
 * The rows of a dataset.
 *
 * @returns of each its name, its part of the page, its configuration, in which `{run: NAME}` stands for the directory of
 *   that row, what `time` calls its step, how many minutes its steps take on a quiet machine, and how it is sampled
 */
export function rowsOf(set) {
  const velocity = { run: `${set}-velocity` }
  const row = (part, name, config, sampled, { timed = name, share = 1, drawn = false, less = 0 } = {}) => {
    const seconds = share * (SECONDS[set].map + (drawn ? SECONDS[set].velocity : 0)) - less
    const ms = STEP_MS[set][timed]
    const steps =
      config.steps ?? (ms === undefined ? undefined : Math.max(100, 100 * Math.round((10 * seconds) / ms)))
    const minutes = ms === undefined ? undefined : (steps * ms) / 60_000
    return { name: `${set}-${name}`, set, part, config: { ...config, steps }, timed, minutes, sampled }
  }
  const ofVelocity = (name, own) =>
    row(
      'velocity',
      name,
      merge(shared(set), {
        objective: 'flow-matching',
        network: { conditioning: 's' },
        steps: VELOCITY_STEPS[set],
        ...own,
      }),
      VELOCITY,
    )
  const begun = (objective, own = {}) =>
    merge(
      merge(shared(set), {
        objective,
        initFrom: velocity,
        ...(TEACHERS.includes(objective) && { teacher: velocity }),
        optimizer: { learningRate: 5e-4 },
      }),
      merge(OBJECTIVES[objective] ?? {}, own),
    )
  const byTeacher = scale => ({ teacher: velocity, guidance: { rule: 'teacher', scale } })
  /** Begun at a map of one jump; the networks beside it at the velocity. */
  const matched = (name, objective, own, start = 'psd') =>
    row('matching', name, merge(begun(objective), { initFrom: { run: `${set}-${start}` }, ...own }), ONE_JUMP)
  /** What samples are compared by while they train: another network than what measures them looks through. */
  const classifier = { run: `${set}-classifier.onnx` }
  const flowMap = set === 'glyphs' ? 'meanflow' : 'meanflow-guided'
  const teacher = velocity
  const rates = rate => ({ optimizer: { learningRate: rate } })
  const fake = { times: 1, start: 'teacher' }
  const matching = [
    {
      name: `${set}-classifier.onnx`,
      set,
      part: 'matching',
      config: { classifier: set, seed: 7, steps: 0 },
      sampled: [],
    },
    matched('dmd', 'dmd', { teacher, players: { fake }, ...rates(1e-4) }),
    matched('dmd-critic', 'dmd', { teacher, players: { fake }, options: { gan: 0.003 }, ...rates(1e-4) }),
    matched('sid', 'sid', { teacher, players: { fake }, ...rates(1e-4) }),
    row('matching', 'imm', begun('imm'), MAP),
    matched('drifting', 'drifting', { features: classifier, ...rates(1e-4) }),
    matched('drifting-pixels', 'drifting', rates(1e-4)),
    matched('frechet', 'frechet', { features: classifier, ...rates(1e-5) }, flowMap),
    row('matching', 'ayf-emd-critic', begun('ayf-emd', { adversarial: { weight: 0.1, from: 0.8 } }), MAP),
  ]
  const plain = Object.keys(OBJECTIVES).map(id => row('plain', id, begun(id), MAP))
  const guided = id => row('guided', `${id}-guided`, begun(id, byTeacher(2)), MAP)
  /** Half of the budget on trajectories of the velocity, then half on what begins with them. */
  const midTrained = (suffix, own) => [
    row('mid', `cmt${suffix}`, begun('cmt', { ...COUPLED, teacher: velocity, ...own }), MAP, {
      share: 0.5,
      less: SOLVING[set],
    }),
    row(
      'mid',
      `cmt-meanflow${suffix}`,
      begun('meanflow', { ...own, initFrom: { run: `${set}-cmt${suffix}` } }),
      MAP,
      { timed: `meanflow${suffix}`, share: 0.5 },
    ),
  ]

  if (set === 'mnist') {
    const ids = ['psd', 'ayf-emd', 'meanflow', 'tvm', 'lsd', 'imf', 'dmf', 'ect']
    return [
      ofVelocity('velocity', {}),
      ...ids.map(guided),
      ...midTrained('-guided', byTeacher(2)),
      ...plain.filter(({ timed }) => ['psd', 'ayf-emd'].includes(timed)),
      ...matching,
    ]
  }
  const psd = own => begun('psd', own)
  const weak = { run: 'glyphs-weak' }
  const range = { range: [1, 5] }
  return [
    ofVelocity('velocity', {}),
    ofVelocity('velocity-denoised', { network: { conditioning: 's', parameterization: 'denoised' } }),
    ...plain.map(each => (each.timed === 'psd' ? { ...each, sampled: [...MAP, ...ON_JUMPS] } : each)),
    ...['psd', 'ayf-emd', 'meanflow', 'tvm'].map(guided),
    ...[1.5, 3, 5].map(scale =>
      row('scales', `psd-guided-${scale}`, psd(byTeacher(scale)), MAP, { timed: 'psd-guided' }),
    ),
    row(
      'scales',
      'psd-scales',
      psd({ teacher: velocity, guidance: { rule: 'teacher', law: 'uniform', ...range } }),
      toldScales([1, 1.5, 2, 3, 5]),
    ),
    row(
      'scales',
      'imf-scales',
      begun('imf', { guidance: { rule: 'random', ...range } }),
      toldScales([1, 1.5, 2, 3, 5]),
    ),
    row(
      'scales',
      'tvm-scales',
      begun('tvm', {
        guidance: { rule: 'linear', law: 'inverse-uniform', divide: true, ...range },
        network: { outputScale: true },
      }),
      toldScales([1, 1.5, 2, 3, 5]),
    ),
    // A fifth of the steps: the weaker model of autoguidance, and which field is learnt sooner.
    ofVelocity('weak', { steps: VELOCITY_STEPS[set] / 5 }),
    ofVelocity('weak-denoised', {
      steps: VELOCITY_STEPS[set] / 5,
      network: { conditioning: 's', parameterization: 'denoised' },
    }),
    ...[2, 3].map(scale =>
      row(
        'scales',
        `psd-auto-${scale}`,
        psd({ teacher: velocity, guidance: { rule: 'auto', scale, weak } }),
        MAP,
        { timed: 'psd-auto' },
      ),
    ),
    row('decoupled', 'dmf-untrained', { ...begun('dmf'), steps: 0 }, MAP),
    ...[8, 32].map(rank =>
      row(
        'adapters',
        `psd-rank-${rank}`,
        psd({
          adapter: { rank, targets: ['qkv', 'out', 'mlp'], train: ['time'] },
          optimizer: { learningRate: 1.5e-3 },
        }),
        MAP,
      ),
    ),
    // What an adapter gives to a base that was finetuned on half of the digits after it was trained.
    row(
      'adapters',
      'velocity-0-4',
      merge(begun('flow-matching'), {
        data: { glyphs: { digits: [0, 1, 2, 3, 4] } },
        network: { conditioning: 's' },
        optimizer: { learningRate: 2e-4 },
        steps: 1000,
      }),
      [VELOCITY[0]],
    ),
    ...[8, 32].map(rank =>
      row(
        'adapters',
        `psd-rank-${rank}-transferred`,
        { merged: [{ run: 'glyphs-velocity-0-4' }, { run: `glyphs-psd-rank-${rank}` }], steps: 0 },
        MAP,
      ),
    ),
    ...matching,
    ...midTrained('', {}),
    ...['adaln', 'tokens', 'normalised'].map(kind =>
      row(
        'spikes',
        `tvm-${kind}`,
        merge(shared(set), {
          objective: 'tvm',
          ...FULL,
          logEvery: 1,
          steps: 600,
          network: {
            adaln: {},
            tokens: { injection: 'tokens' },
            normalised: { norm: 'rms', modulationNorm: true, qkNorm: true },
          }[kind],
        }),
        MAP,
      ),
    ),
    ...[
      ['meanflow', MAP],
      ['imf', toldScales([1, 2, 3])],
      ['pixel-meanflow', toldScales([1, 2, 3])],
      ['tvm', MAP],
      ['decoupled-meanflow', MAP],
      ['ayf', toldScales([1, 2, 3])],
      ['guidance-free', [{ method: 'euler', steps: [50], guidance: 2 }]],
    ].map(([name, sampled]) => {
      const { steps: _, ...own } = recipe(name)
      const runs = {
        ...(own.initFrom && { initFrom: velocity }),
        ...(own.teacher && { teacher: velocity }),
        ...(own.guidance.weak && { guidance: { ...own.guidance, weak } }),
      }
      const drawn = own.initFrom === undefined
      return row('recipes', `recipe-${name}`, { ...own, ...runs, checkpointEvery: 500 }, sampled, { drawn })
    }),
  ]
}
