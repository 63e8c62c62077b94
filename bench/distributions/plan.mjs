/** Batch and rounds of all rows but where one says otherwise. */
export const BATCH = 256
export const SEEDS = [1, 2, 3]

const ONE_MODE = '{mixture: {components: [{mean: [4, 0], std: [0.15, 0.15]}]}}'
const taught = ['--teacher', 'exact']
const rounds = count => ['--steps', `${count}`]

/** Runs that others begin with, by name: their own arguments. */
export const STARTS = {
  collapsed: ['--data', ONE_MODE, '--objective', 'psd', ...rounds(1500)],
  psd: ['--data', 'ring', '--objective', 'psd', ...rounds(3000)],
  meanflow: ['--data', 'ring', '--objective', 'meanflow', ...rounds(3000)],
  flow: ['--data', 'ring', '--objective', 'flow-matching', ...rounds(3000)],
}

const row = (name, objective, args, more = {}) => ({ name, objective, args, ...more })

/** What is trained for each part: rows of one table. `said` is what the specification of these rows measured at fewer rounds. */
export const PARTS = {
  ring: {
    title: 'All rows on the ring',
    rows: [
      row('psd', 'psd', rounds(3000)),
      row('pid', 'pid', [...taught, ...rounds(3000)]),
      row('freeflow', 'freeflow', [...taught, ...rounds(3000)]),
      row('dmd', 'dmd', [...taught, ...rounds(3000)], { said: '0.384, 8 modes' }),
      row('dmd, a critic beside', 'dmd', [...taught, '--options.gan', '0.003', ...rounds(3000)]),
      row('dmd from psd', 'dmd', [...taught, ...rounds(1500)], { start: 'psd' }),
      row('dmd-steps, two', 'dmd-steps', [...taught, '--options.times', '[0.5]', ...rounds(3000)], {
        steps: 2,
      }),
      row('sid', 'sid', [...taught, ...rounds(3000)], { said: '0.401, 8 modes' }),
      row('moment, four steps', 'moment', [...taught, ...rounds(3000)], { steps: 4 }),
      row('gan', 'gan', ['--optimizer.beta1', '0', ...rounds(3000)], { said: '1.473, 6 modes' }),
      row('imm', 'imm', rounds(4000), { said: '0.333, 8 modes' }),
      row('imm, two steps', 'imm', rounds(4000), { of: 'imm', steps: 2, said: '0.207' }),
      row('drifting', 'drifting', ['--options.normalisation', 'joint', ...rounds(4000)], {
        said: '0.278, 8 modes',
      }),
      row(
        'frechet from meanflow',
        'frechet',
        ['--features', 'random:96', '--options.beta', '0.9', '--lr', '1e-4', ...rounds(1000)],
        { start: 'meanflow' },
      ),
      row('self-e', 'self-e', rounds(3000)),
      row('self-e, four steps', 'self-e', rounds(3000), { of: 'self-e', steps: 4 }),
      row('piflow', 'piflow', [...taught, '--lr', '0.002', ...rounds(1500)], { said: '0.182, 8 modes' }),
      row('boot', 'boot', [...taught, ...rounds(3000)]),
    ],
  },
  modes: {
    title: 'How modes are lost, and found again',
    rows: [
      row('dmd from one mode', 'dmd', [...taught, ...rounds(1500)], {
        start: 'collapsed',
        said: '0.597, 8 modes (800 rounds)',
      }),
      row(
        'dmd from one mode, r at most 0.5',
        'dmd',
        [...taught, '--options.range', '[0.02,0.5]', ...rounds(1500)],
        { start: 'collapsed', said: '3.833, 1 mode' },
      ),
      row(
        'gan, noise at most 0.05',
        'gan',
        ['--optimizer.beta1', '0', '--options.noise', '0.05', ...rounds(1500)],
        { said: '2.970, 3 modes' },
      ),
      row('drifting from one mode', 'drifting', ['--options.normalisation', 'joint', ...rounds(1500)], {
        start: 'collapsed',
        said: '0.304, 8 modes',
      }),
      row(
        'drifting from one mode, 0.02 alone',
        'drifting',
        ['--options.normalisation', 'joint', '--options.temperatures', '0.02', ...rounds(1500)],
        { start: 'collapsed', said: '3.87, 1 mode' },
      ),
      row('frechet on coordinates', 'frechet', ['--options.beta', '0.9', ...rounds(1500)], {
        said: '1.730, 0 modes',
      }),
    ],
  },
  kernels: {
    title: 'Drifting: kernels and normalisations',
    rows: ['laplace', 'gaussian'].flatMap(kernel =>
      ['separate', 'joint'].map(normalisation =>
        row(
          `${kernel}, ${normalisation}`,
          'drifting',
          [
            ...['--options.kernel', kernel, '--options.normalisation', normalisation],
            ...['--options.temperatures', '0.05,0.2', ...rounds(1500)],
          ],
          kernel === 'gaussian' && normalisation === 'separate' ? { said: '0.394, 8 modes' } : {},
        ),
      ),
    ),
  },
  features: {
    title: 'Frechet distance: how many random features, from where',
    rows: [32, 128, 256].flatMap(count => {
      const args = ['--features', `random:${count}`, '--options.beta', '0.9', '--lr', '1e-4', ...rounds(1000)]
      return [
        row(`${count} features, random start`, 'frechet', args),
        row(`${count} features, from meanflow`, 'frechet', args, { start: 'meanflow' }),
      ]
    }),
  },
  turns: {
    title: 'Turns of the fake score, at equal compute',
    // A round of n turns costs 5 + 4 n passes.
    rows: [1, 2, 5, 10].map(n =>
      row(`dmd, ${n} of the fake score`, 'dmd', [
        ...taught,
        '--players.fake.times',
        `${n}`,
        ...rounds(Math.round((25 * 3000) / (5 + 4 * n))),
      ]),
    ),
  },
  alpha: {
    title: 'SiD: which alpha, from where',
    rows: [0.5, 1, 1.2].flatMap(alpha => [
      row(
        `alpha ${alpha}, random start`,
        'sid',
        [...taught, '--options.alpha', `${alpha}`, ...rounds(1500)],
        {
          said: { 0.5: '0.401', 1: '0.437', 1.2: '56, diverged' }[alpha],
        },
      ),
      row(`alpha ${alpha}, from psd`, 'sid', [...taught, '--options.alpha', `${alpha}`, ...rounds(1500)], {
        start: 'psd',
      }),
    ]),
  },
  groups: {
    title: 'IMM: sizes of groups, with and without their diagonal',
    rows: [2, 4, 16].flatMap(M =>
      [true, false].map(diagonal =>
        row(`M ${M}${diagonal ? '' : ', no diagonal'}`, 'imm', [
          '--times.group',
          `${M}`,
          '--options.diagonal',
          `${diagonal}`,
          ...rounds(4000),
        ]),
      ),
    ),
  },
  critic: {
    title: 'A critic beside a flow map: one jump, and two, four and eight',
    rows: [1, 2, 4, 8].flatMap(steps => [
      row(`psd, ${steps}`, 'psd', rounds(4000), { of: 'psd alone', steps }),
      row(`psd and a critic, ${steps}`, 'psd', ['--adversarial.weight', '0.1', ...rounds(4000)], {
        of: 'psd and a critic',
        steps,
      }),
    ]),
  },
  progressive: {
    title: 'Progressive distillation: 64 Euler steps of a velocity, halved to one',
    rows: [
      row('Euler, 64 steps', 'flow-matching', rounds(3000), { of: 'flow', steps: 64 }),
      ...[8, 4, 2, 1].flatMap(steps => [
        row(`Euler, ${steps}`, 'flow-matching', rounds(3000), { of: 'flow', steps }),
        row(`progressive, ${steps}`, 'pfmm', [], {
          ...{ halved: { start: 'flow', halvings: 6, steps: 500 }, steps },
        }),
      ]),
    ],
  },
  policy: {
    title: 'pi-Flow: components, and substeps (64 unless noted)',
    rows: [...[1, 2, 4, 8].map(K => [K]), [8, 4], [8, 16]].map(([K, substeps]) => {
      const keys = [
        '--network.components',
        `${K}`,
        ...(substeps ? ['--network.substeps', `${substeps}`] : []),
      ]
      const args = [...taught, ...keys, '--lr', '0.002', ...rounds(1500)]
      return row(substeps ? `K ${K}, ${substeps} substeps` : `K ${K}`, 'piflow', args, { trajectory: true })
    }),
  },
}
