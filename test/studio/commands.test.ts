import { expect, test } from 'vitest'
import { MOST, readCommand } from '../../src/studio/engine/commands.ts'
import { freshPlan } from '../../src/studio/plan.ts'

const run = 'a'
const weights = 'ema'
const cloud = (count: number) => new Float32Array(2 * count)
const tilt = { center: [0, 0], scale: 1, beta: 3 }
const grid = (length: number) => Array.from({ length }, (_, i) => 1 - i / length)
const stage = { objective: 'lsd', learningRate: 1e-3, keep: true }

/** The largest questions of the page. */
const asked: Record<string, object> = {
  jump: { points: cloud(50_000), s: 1, t: 0, weights },
  through: { points: cloud(100_000), grid: grid(65), method: 'jump', weights },
  path: { points: cloud(1000), times: grid(101), weights },
  field: { points: cloud(1441), t: 0.5, weights },
  strays: { points: cloud(50_000) },
  residuals: { levels: 8, weights },
  metrics: { steps: [1, 2, 4, 8], method: 'jump', weights, count: 2000, seed: 2 ** 31 },
  steer: {
    points: cloud(8000),
    tilt,
    steps: 16,
    method: 'best',
    kernel: 'renoise',
    lookAhead: 'posterior',
    moves: 20,
    resample: true,
    seed: 0,
    weights,
  },
  invert: { points: cloud(1), method: 'newton', weights },
  edit: { points: cloud(1), tau: 0.5, count: 1000, seed: 0, weights },
  tilted: { points: cloud(2000), tilt, steps: 16, method: 'heun', weights },
  samples: { steps: 16, method: 'euler', weights, count: 2000, seed: 0 },
  losses: { bins: 8, draws: 16_384, weights },
  judged: { player: 'critic', points: cloud(2304), r: 0.1 },
  drift: { weights },
  target: { count: 50_000, seed: 0 },
  file: { format: 'onnx', weights },
}
const question = (name: string, change: object = {}) => ({
  type: 'ask',
  run,
  id: 1,
  name,
  ask: { ...asked[name], ...change },
})

test('what the page asks and commands is taken as it is', () => {
  const commands = [
    ...Object.keys(asked).map(name => question(name)),
    { type: 'open', run, plan: freshPlan, replay: 'held', file: new Uint8Array(8), revision: 3 },
    { type: 'play', run, revision: 1 },
    { type: 'pause', run },
    { type: 'step', run, steps: 6000 },
    { type: 'change', run, stage, revision: 2 },
    { type: 'pause-players', run, players: ['critic'], revision: 3 },
    { type: 'show', run, count: 50_000, weights },
    { type: 'close', run },
    { type: 'open-pictures', run },
  ]
  for (const command of commands) expect(readCommand(command)).toEqual(command)
})

const plan = (change: object) => ({ type: 'open', run, plan: { ...freshPlan, ...change } })
const target = (change: object) => plan({ target: change })

test.each<[string, unknown, RegExp]>([
  ['no object', null, /^command: /],
  ['another type', { type: 'shout', run }, /^type: expected one of open, play/],
  ['another question', question('secrets'), /^name: expected one of jump, through/],
  ['many levels', question('residuals', { levels: 1e6 }), /^ask\.levels: expected at most 16$/],
  ['part of a level', question('residuals', { levels: 2.5 }), /^ask\.levels: /],
  ['no level', question('residuals', { levels: 0 }), /^ask\.levels: expected at least 1$/],
  ['levels as text', question('residuals', { levels: '8' }), /^ask\.levels: expected number/],
  ['an unknown key', question('residuals', { dtype: 'float64' }), /^ask: unknown key dtype$/],
  ['other weights', question('residuals', { weights: 'all' }), /^ask\.weights: expected one of/],
  ['a level above noise', question('judged', { r: 1.5 }), /^ask\.r: /],
  [
    'a crowd of players',
    { type: 'pause-players', run, players: Array(9).fill('a') },
    /^players: expected at most 8 entries$/,
  ],
  ['many bins', question('losses', { bins: 1e5 }), /^ask\.bins: expected at most/],
  ['many draws', question('losses', { draws: 1e9 }), /^ask\.draws: expected at most/],
  ['many points of a metric', question('metrics', { count: 1e7 }), /^ask\.count: expected at most/],
  ['one point of a metric', question('metrics', { count: 1 }), /^ask\.count: expected at least 2$/],
  [
    'many numbers of steps',
    question('metrics', { steps: Array(1e5).fill(1) }),
    /^ask\.steps: expected at most/,
  ],
  ['many steps', question('metrics', { steps: [1, 1e6] }), /^ask\.steps\.1: expected at most/],
  ['many samples', question('samples', { count: 1e8 }), /^ask\.count: expected at most/],
  ['many jumps', question('samples', { steps: 1e5 }), /^ask\.steps: expected at most/],
  ['much data', question('target', { count: 1e9 }), /^ask\.count: expected at most/],
  ['a negative seed', question('target', { seed: -1 }), /^ask\.seed: /],
  ['many points', question('jump', { points: cloud(100_001) }), /^ask\.points: expected 1 to 100000 points/],
  ['half a point', question('jump', { points: new Float32Array(3) }), /^ask\.points: /],
  ['points as a list', question('jump', { points: [0, 1] }), /^ask\.points: /],
  ['a time outside', question('jump', { s: 1e9 }), /^ask\.s: expected at most 1$/],
  ['no number', question('field', { t: Number.NaN }), /^ask\.t: /],
  [
    'a long grid',
    question('through', { points: cloud(1), grid: grid(1e5) }),
    /^ask\.grid: expected at most 65/,
  ],
  ['many times', question('path', { points: cloud(1), times: grid(1e5) }), /^ask\.times: expected at most/],
  [
    'many at many times',
    question('path', { points: cloud(9000) }),
    /^ask\.points: expected at most 500000 points/,
  ],
  ['a kernel that is none', question('steer', { kernel: 'popcorn' }), /^ask\.kernel: /],
  ['many edits', question('edit', { points: cloud(20) }), /^ask\.count: expected at most 10000 edits/],
  ['many moves', question('steer', { moves: 1e6 }), /^ask\.moves: expected at most 20$/],
  ['many steered', question('steer', { points: cloud(50_000) }), /^ask\.points: /],
  [
    'a steep tilt',
    question('steer', { tilt: { ...tilt, beta: 1e9 } }),
    /^ask\.tilt\.beta: expected at most 20$/,
  ],
  ['steps without end', { type: 'step', run, steps: 1e12 }, /^steps: expected at most/],
  ['a show of many', { type: 'show', run, count: 1e9, weights }, /^count: expected at most 50000$/],
  ['a wide network', plan({ hidden: 1e6 }), /^plan\.hidden: expected at most 512$/],
  ['a deep network', plan({ layers: 1e4 }), /^plan\.layers: expected at most 6$/],
  ['a large batch', plan({ batch: 1e8 }), /^plan\.batch: expected at most 8192$/],
  [
    'many stages',
    plan({ stages: Array(51).fill({ ...stage, steps: 0 }) }),
    /^plan\.stages: expected at most 50 entr/,
  ],
  ['a long stage', plan({ stages: [{ ...stage, steps: 1e9 }] }), /^plan\.stages\.0\.steps: expected at most/],
  [
    'a long objective',
    plan({ stages: [{ ...stage, objective: 'x'.repeat(1e6), steps: 0 }] }),
    /^plan\.stages\.0\.objective: expected at most 80 characters$/,
  ],
  [
    'a large drawing',
    target({ kind: 'density', side: 128, bytes: 'x'.repeat(1e6) }),
    /^plan\.target\.bytes: expected at most 24000 characters$/,
  ],
  [
    'a fine drawing',
    target({ kind: 'density', side: 4096, bytes: 'x' }),
    /^plan\.target\.side: expected at most 128$/,
  ],
  [
    'a large file of points',
    target({ kind: 'points', name: 'p', bytes: 'x'.repeat(1e6) }),
    /^plan\.target\.bytes: expected at most 54000 characters$/,
  ],
  ['a long name of a run', { type: 'play', run: 'x'.repeat(100) }, /^run: /],
])('%s is refused in one line', (_, command, message) => {
  expect(() => readCommand(command)).toThrow(message)
  try {
    readCommand(command)
  } catch (error) {
    expect((error as Error).message.length).toBeLessThan(200)
    expect((error as Error).message).not.toContain('\n')
  }
})

test('the bounds of an answer fit into one message', () => {
  expect(8 * MOST.answered).toBeLessThan(60 << 20)
})
