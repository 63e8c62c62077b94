// What docs/images.md compares: rows by their names, each a configuration, what it begins with, and how it is sampled.

/** Networks and training that all rows of a dataset share. */
const SHARED = {
  glyphs: { data: 'glyphs', network: { kind: 'dit', patch: 4, width: 96, depth: 4, heads: 4 }, batch: 64 },
  mnist: { data: 'mnist', network: { kind: 'dit', patch: 4, width: 96, depth: 4, heads: 4 }, batch: 64 },
}

/** Steps of the velocity that every other row begins with, and of a map: what the budget holds. */
export const STEPS = {
  glyphs: { velocity: 8000, map: 4000 },
  mnist: { velocity: 4500, map: 2200 },
}

const base = (set, steps) => ({
  ...SHARED[set],
  condition: { kind: 'class', drop: 0.1 },
  optimizer: { learningRate: 1e-3, beta2: 0.95 },
  schedule: { kind: 'cosine', warmup: 100 },
  ema: 0.999,
  steps,
  checkpointEvery: 500,
  logEvery: 100,
})

const merge = (under, over) => {
  const out = { ...under }
  for (const [key, value] of Object.entries(over)) {
    const isBlock = value && typeof value === 'object' && !Array.isArray(value)
    out[key] = isBlock && out[key] && typeof out[key] === 'object' ? merge(out[key], value) : value
  }
  return out
}

/** Jumps from pure noise to data are seldom drawn, and are what one step takes. */
const FULL = { times: { full: 0.25 } }
const GUIDED = { guidance: { rule: 'teacher', scale: 2 } }

/** How velocities and maps are sampled. */
const VELOCITY = [
  { method: 'euler', steps: [50] },
  { method: 'euler', steps: [50], guidance: 2 },
]
const MAP = [{ method: 'auto', steps: [1, 2, 4, 8] }]

/** Objectives that begin with the velocity, beside what is their own. */
const MAPS = {
  psd: { ...FULL, diagonal: { fraction: 0.5 } },
  lsd: { ...FULL },
  shortcut: {},
  meanflow: {},
  imf: {},
  'ayf-emd': { needsTeacher: true, ...FULL },
  tvm: { ...FULL },
  ct: {},
  ect: {},
}

/**
 * The rows of a dataset.
 *
 * @returns of each its name, configuration, the rows that it needs (`{run: NAME}` in a configuration is that row's
 *   directory) and how it is sampled
 */
export function rowsOf(set) {
  const { velocity, map } = STEPS[set]
  const of = (name, config, sampled, part) => ({ name: `${set}-${name}`, set, config, sampled, part })
  const first = `${set}-velocity`
  const begun = (objective, own = {}) => {
    const { needsTeacher, ...rest } = own
    return merge(base(set, map), {
      objective,
      initFrom: { run: first },
      ...(needsTeacher && { teacher: { run: first } }),
      optimizer: { learningRate: 5e-4 },
      ...rest,
    })
  }
  const guided = (objective, own = {}, guidance = GUIDED.guidance) =>
    merge(begun(objective, own), { teacher: { run: first }, guidance })
  return [
    of(
      'velocity',
      merge(base(set, velocity), { objective: 'flow-matching', network: { conditioning: 's' } }),
      VELOCITY,
      1,
    ),
    of(
      'velocity-denoised',
      merge(base(set, velocity), {
        objective: 'flow-matching',
        network: { conditioning: 's', parameterization: 'denoised' },
      }),
      VELOCITY,
      1,
    ),
    ...Object.entries(MAPS).map(([id, own]) => of(id, begun(id, own), MAP, 2)),
    ...Object.entries(MAPS)
      .filter(([id]) => ['psd', 'lsd', 'meanflow', 'ayf-emd', 'tvm'].includes(id))
      .map(([id, own]) => of(`${id}-guided`, guided(id, own), MAP, 2)),
    ...[1.5, 3, 5].map(scale =>
      of(`psd-guided-${scale}`, guided('psd', MAPS.psd, { rule: 'teacher', scale }), MAP, 3),
    ),
  ]
}
