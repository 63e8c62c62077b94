export const SEEDS = [1, 2, 3]
/** Jumps, or Euler's steps of a velocity. */
export const STEPS = [1, 2, 4, 8]

const row = (name, objective, args = [], more = {}) => ({ name, objective, args, ...more })
const rounds = count => ['--steps', `${count}`]
const euler = { method: 'euler' }
const student = ['--target', 'student']

const SMALL = ['--batch', '256', '--network.hidden', '128', '--optimizer.learningRate', '0.002']
const LARGE = [
  '--batch',
  '256',
  '--network.hidden',
  '256',
  '--optimizer.learningRate',
  '0.001',
  '--schedule.kind',
  'cosine',
  '--schedule.final',
  '0.02',
]
const TEXT = ['validity', 'sequenceKL', 'distinct', 'commitment']
const CHAIN = ['validity', 'perplexity', 'sampleEntropy', 'distinct', 'ngramJS2', 'trajectoryError']

/** Half of the batch trains the velocity, half the jumps, both at weight 1. */
const HALF = ['--diagonal.fraction', '0.5', '--consistency.weight', '1', '--optimizer.clip', '1', ...student]
const onSpace = (steps, more = []) => [
  row('rfm, Euler', 'rfm', [...rounds(steps), ...more], euler),
  row('g-psd', 'g-psd', [...HALF, '--options.space', 'velocity', ...rounds(steps), ...more]),
  row('g-lsd', 'g-lsd', [...HALF, ...rounds(steps), ...more]),
  row('rmf', 'rmf', ['--loss.adaptive', 'null', ...rounds(steps), ...more]),
]
const SPACE = {
  args: [...SMALL, '--network.layers', '3'],
  metrics: ['offData', 'energyDistance'],
}

/** What is trained for each part. `said` is what the specification of these rows measured, 1 / 2 / 4 / 8 jumps. */
export const PARTS = {
  words: {
    title: '`words`: eight words of four letters, 1,000 steps',
    data: 'words',
    args: [...SMALL, '--network.layers', '2', ...rounds(1000)],
    metrics: TEXT,
    rows: [
      row('cross-entropy, Euler', 'cross-entropy', [], { ...euler, said: 'valid 0.02 / 0.72 / 0.81 / 0.97' }),
      row('flow-matching, Euler', 'flow-matching', ['--network.parameterization', 'simplex'], {
        ...euler,
        said: 'valid 0.14 / 0.73 / 0.78 / 0.80',
      }),
      row('psd-simplex', 'psd-simplex', [], { said: 'valid 0.80 / 0.80 / 0.92 / 0.99' }),
      row('psd-simplex, times argmax', 'psd-simplex', ['--times.law', 'argmax'], {
        said: 'valid 0.79 / 0.87 / 0.94 / 0.98',
      }),
      row('psd-velocity-simplex', 'psd-velocity-simplex'),
      row('fmlm-residual, exact teacher', 'fmlm-residual', ['--teacher', 'exact']),
      row('csd', 'csd', [], { said: 'valid 0.81 / 0.84 / 0.93 / 0.99' }),
      row('lsd-simplex, weight 1', 'lsd-simplex', ['--consistency.weight', '1'], {
        said: 'collapse: valid 1.00, KL 4.6 / 3.5 / 3.9 / 4.8',
      }),
      row('ecld, weight 1', 'ecld', ['--consistency.weight', '1'], {
        said: 'collapse: valid 1.00, KL 4.0 to 4.8',
      }),
      row('esd-simplex, weight 1', 'esd-simplex', ['--consistency.weight', '1'], {
        said: 'valid 0.28 / 0.74 / 0.75 / 0.89, KL 1.1 / 0.29 / 0.21 / 0.16',
      }),
    ],
  },
  goal: {
    title: '`words`, trained on: 8,000 steps of four layers of 256',
    data: 'words',
    args: [...LARGE, '--network.layers', '4', ...rounds(8000)],
    metrics: TEXT,
    rows: [row('psd-simplex', 'psd-simplex', ['--times.full', '0.1'])],
  },
  globe: {
    title: '`sphere-vmf`, trained on: 10,000 steps of four layers of 256',
    data: 'sphere-vmf',
    args: [...LARGE, '--network.layers', '4', ...rounds(10_000)],
    metrics: ['offData', 'energyDistance'],
    rows: onSpace(10_000).slice(1, 3),
  },
  sphere: {
    title: '`sphere-vmf`: three modes on the sphere, 800 steps',
    data: 'sphere-vmf',
    ...SPACE,
    rows: onSpace(800).map((each, i) => ({
      ...each,
      said: [
        '0.089 / 0.029 / 0.006 / 0.001',
        '0.015 / 0.005 / 0.002 / 0.001',
        '0.0046 / 0.0024 / 0.0011 / 0.0006',
        '0.014 / 0.008 / 0.007 / 0.007',
      ][i],
    })),
  },
  torus: {
    title: '`torus-ramachandran`: two angles, 2,000 steps',
    data: 'torus-ramachandran',
    ...SPACE,
    rows: onSpace(2000),
  },
  rotations: {
    title: '`so3-mixture`: rotations, 2,000 steps',
    data: 'so3-mixture',
    ...SPACE,
    rows: onSpace(2000),
  },
  tree: {
    title: '`hyperbolic-tree`: a tree in the hyperbolic plane, 2,000 steps',
    data: 'hyperbolic-tree',
    ...SPACE,
    rows: onSpace(2000),
  },
  places: {
    title: "A user's CSV of places, 2,000 steps",
    places: true,
    ...SPACE,
    // Its density is not known.
    metrics: ['energyDistance'],
    rows: onSpace(2000),
  },
  sums: {
    title: '`sums`: `abc`, `c = a + b mod 5`, 10,000 steps',
    data: 'sums',
    args: [...LARGE, '--network.layers', '3', ...rounds(10_000)],
    metrics: TEXT,
    rows: [
      row('cross-entropy, Euler', 'cross-entropy', [], euler),
      row('psd-simplex', 'psd-simplex', ['--times.full', '0.1'], {
        said: 'valid 0.37 in one jump after 1,500 steps; chance 0.20',
      }),
    ],
  },
  arithmetic: {
    title: '`arithmetic`: `a+b=cc`, 20,000 steps',
    data: 'arithmetic',
    args: [...LARGE, '--network.layers', '3', ...rounds(20_000)],
    metrics: TEXT,
    rows: [
      row('cross-entropy, Euler', 'cross-entropy', [], euler),
      row('psd-simplex', 'psd-simplex', ['--times.full', '0.1'], {
        said: 'valid 0.13 in one jump after 1,500 steps',
      }),
      row('psd-simplex, times argmax', 'psd-simplex', ['--times.full', '0.1', '--times.law', 'argmax']),
      row('psd-simplex, times argmax, transformer', 'psd-simplex', [
        ...['--times.full', '0.1', '--times.law', 'argmax', '--schedule.warmup', '200'],
        ...['--network', '{"kind": "transformer", "width": 64, "depth": 3, "heads": 4}'],
      ]),
    ],
  },
  markov: {
    title: '`markov`: a chain of eight letters, 16 long, 5,000 steps',
    data: 'markov',
    args: [...LARGE, '--network.layers', '3', ...rounds(5000)],
    metrics: CHAIN,
    rows: [
      row('cross-entropy, Euler', 'cross-entropy', [], euler),
      row('psd-simplex', 'psd-simplex'),
      row('psd-simplex, exact denoiser', 'psd-simplex', [
        '--diagonal.objective',
        'teacher-velocity',
        '--teacher',
        'exact',
      ]),
    ],
  },
  grammar: {
    title: '`grammar`: sentences of 8 to 21 characters, 10,000 steps',
    data: 'grammar',
    args: [...LARGE, '--network.layers', '3', ...rounds(10_000)],
    metrics: TEXT,
    rows: [
      row('cross-entropy, Euler', 'cross-entropy', [], euler),
      row('psd-simplex', 'psd-simplex', ['--times.full', '0.1']),
    ],
  },
  cells: {
    title: '`sphere-checkerboard`: 16 of 32 equal cells, 20,000 steps',
    data: 'sphere-checkerboard',
    ...SPACE,
    rows: onSpace(20_000).slice(0, 3),
  },
}
