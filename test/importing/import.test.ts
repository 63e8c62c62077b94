import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeNpz } from '../../src/data/npy.ts'
import { type ConventionName, conventions } from '../../src/importing/conventions.ts'
import { load } from '../../src/index.ts'
import { encodeSafetensors, type StoredTensor } from '../../src/serialization/safetensors.ts'
import { runHere } from '../helpers/cli.ts'
import { snapshot, temporaryFolder } from '../helpers/folder.ts'
import { type ForeignNetwork, type ForeignOptions, foreignNetwork } from './foreign.ts'

const folder = temporaryFolder('import')
const at = (name: string) => join(folder, name)

type Tensors = Record<string, StoredTensor>
const matrix = (rows: number[][]): StoredTensor => ({
  shape: [rows.length, rows[0].length],
  data: Float32Array.from(rows.flat()),
})
const vector = (values: number[]): StoredTensor => ({
  shape: [values.length],
  data: Float32Array.from(values),
})
const transpose = (rows: number[][]): number[][] => rows[0].map((_, j) => rows.map(row => row[j]))

/** How programs name the layers of a perceptron, and which way round they keep its weights. */
const NAMINGS: Record<string, (network: ForeignNetwork) => Tensors> = {
  'torch Sequential': ({ layers }) =>
    Object.fromEntries(
      layers.flatMap(({ weight, bias }, i) => [
        [`net.${2 * i}.weight`, matrix(weight)],
        [`net.${2 * i}.bias`, vector(bias)],
      ]),
    ),
  'torch by role': ({ layers }) =>
    Object.fromEntries(
      layers.flatMap(({ weight, bias }, i) => [
        [`${['input', 'hidden', 'output'][i]}.weight`, matrix(weight)],
        [`${['input', 'hidden', 'output'][i]}.bias`, vector(bias)],
      ]),
    ),
  flax: ({ layers }) =>
    Object.fromEntries(
      layers.flatMap(({ weight, bias }, i) => [
        [`params/Dense_${i}/kernel`, matrix(transpose(weight))],
        [`params/Dense_${i}/bias`, vector(bias)],
      ]),
    ),
  'plain JAX': ({ layers }) =>
    Object.fromEntries(
      layers.flatMap(({ weight, bias }, i) => [
        [`w${i + 8}`, matrix(transpose(weight))],
        [`b${i + 8}`, vector(bias)],
      ]),
    ),
}

const base: ForeignOptions = {
  dimension: 2,
  hidden: 12,
  times: 2,
  frequencies: 3,
  features: 'sin,cos',
  pointAt: 0,
  everywhere: false,
  seed: 1,
}

function save(name: string, tensors: Tensors): string {
  const file = at(name)
  const bytes = name.endsWith('.npz') ? encodeNpz(tensors) : encodeSafetensors({ tensors, metadata: {} })
  writeFileSync(file, bytes)
  return file
}

/** Imports through the command line and gives the run. */
async function imported(file: string, ...flags: string[]): Promise<string> {
  const run = `${file}-run`
  const { code, stderr } = await runHere(['import', file, '--out', run, ...flags])
  expect(stderr).toMatch(
    flags.includes('oxbow') ? /^oxbow: \S+: carries no configuration; assumed activation silu .*\n$/ : /^$/,
  )
  expect(code).toBe(0)
  return run
}

const POINTS = [
  [0.3, -1.2],
  [2.1, 0.4],
  [-0.7, 0.05],
]

/** A jump as the convention has it, from our time `s` to `t`, of points in the data's units at 0 and of noise at 1. */
type Native = (network: ForeignNetwork, x: number[], s: number, t: number) => number[]

const step = (x: number[], h: number, v: number[]) => x.map((value, i) => value + h * v[i])
const SIGMA = 0.5
/** Points of our frame as a multiple of data of deviation 1, and back. */
const scaleAt = (s: number) => s + (1 - s) * SIGMA

function edmDenoiser(network: ForeignNetwork, x: number[], sigma: number): number[] {
  const total = sigma ** 2 + SIGMA ** 2
  const [skip, out, into] = [SIGMA ** 2 / total, (sigma * SIGMA) / Math.sqrt(total), 1 / Math.sqrt(total)]
  const output = network.call(
    x.map(v => into * v),
    [Math.log(sigma) / 4],
  )
  return x.map((v, i) => skip * v + out * output[i])
}

function consistencyFunction(network: ForeignNetwork, x: number[], sigma: number): number[] {
  const least = 0.002
  const skip = SIGMA ** 2 / ((sigma - least) ** 2 + SIGMA ** 2)
  const out = (SIGMA * (sigma - least)) / Math.sqrt(sigma ** 2 + SIGMA ** 2)
  const output = network.call(
    x.map(v => v / Math.sqrt(sigma ** 2 + SIGMA ** 2)),
    [(1000 * Math.log(sigma)) / 4],
  )
  return x.map((v, i) => skip * v + out * output[i])
}

/** The point that our frame has at time `s`, with noise of level `sigma` on data of its own units. */
const exploding = (x: number[], s: number) => x.map(v => ((v / scaleAt(s)) * SIGMA) / (1 - s))

function trigStep(network: ForeignNetwork, x: number[], s: number, t: number): number[] {
  const [from, to] = [(Math.PI / 2) * s, (Math.PI / 2) * t]
  const native = x.map(v => (v / scaleAt(s)) * SIGMA)
  const output = network.call(
    native.map(v => v / SIGMA),
    [from],
  )
  const end = native.map((v, i) => Math.cos(from - to) * v - Math.sin(from - to) * SIGMA * output[i])
  return end.map(v => (v / SIGMA) * scaleAt(t))
}

const fromNoise: Native = (network, x, s, t) => step(x, s - t, network.call(x, [1 - s, 1 - t]))
const NATIVE: Record<ConventionName, Native> = {
  oxbow: (network, x, s, t) => step(x, t - s, network.call(x, [s, t])),
  meanflow: (network, x, s, t) => step(x, -(s - t), network.call(x, [t, s])),
  'flow-map': fromNoise,
  shortcut: (network, x, s, t) => step(x, s - t, network.call(x, [1 - s, s - t])),
  'flow-matching': (network, x, s, t) => step(x, s - t, network.call(x, [1 - s])),
  diffusers: (network, x, s, t) => step(x, t - s, network.call(x, [1000 * s])),
  'diffusers-flow-map': (network, x, s, t) => step(x, t - s, network.call(x, [1000 * s, 1000 * t])),
  edm: (network, x, s, t) => {
    const [from, to] = [s, t].map(time => (SIGMA * time) / (1 - time))
    const start = exploding(x, s)
    const denoised = edmDenoiser(network, start, from)
    const end = start.map((v, i) => v + ((to - from) * (v - denoised[i])) / from)
    return end.map(v => ((v * (1 - t)) / SIGMA) * scaleAt(t))
  },
  consistency: (network, x, s) => consistencyFunction(network, exploding(x, s), (SIGMA * s) / (1 - s)),
  trigflow: trigStep,
  scm: trigStep,
}

/** Pairs of times of a convention; those of maps to data end there. */
const pairsOf = (name: ConventionName): [number, number][] => {
  if (name === 'consistency' || name === 'scm') return [0.98, 0.5, 0.1].map(s => [s, 0])
  const pairs: [number, number][] = [
    [0.9, 0.3],
    [0.5, 0.49],
    [0.6, 0],
    [0.25, 0.1],
  ]
  return name === 'edm' ? pairs : [[1, 0], [1, 0.4], ...pairs]
}

async function compare(run: string, name: ConventionName, network: ForeignNetwork): Promise<void> {
  for (const file of [run, join(run, 'model.onnx'), join(run, 'model.safetensors')]) {
    const map = await load(file)
    for (const [s, t] of pairsOf(name)) {
      const found = await map.jump(Float32Array.from(POINTS.flat()), s, t)
      const expected = POINTS.flatMap(x => NATIVE[name](network, x, s, t))
      expected.forEach((value, i) => {
        expect(Math.abs(found[i] - value), `${s} to ${t}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)))
      })
    }
    await map.close()
  }
}

/** Only the bare time can take any factor. */
const takesFourier = (name: ConventionName) => Math.abs(conventions[name].time.factor) === 1

const timesOf = (name: ConventionName) => conventions[name].inputs.length - 1
const names = Object.keys(conventions) as ConventionName[]
const weak = (name: ConventionName) => (/1000/.test(conventions[name].formula) ? 0.002 : 1)

/** A network whose first layer is not saturated by times up to 1000. */
function networkFor(name: ConventionName, options: Partial<ForeignOptions>): ForeignNetwork {
  const network = foreignNetwork({ ...base, times: timesOf(name), ...options })
  if (weak(name) === 1) return network
  for (const row of network.layers[0].weight) {
    for (let j = base.dimension; j < row.length; j++) row[j] = Math.fround(row[j] * weak(name))
  }
  return network
}

describe('a network in a convention of its own gives the same jumps', () => {
  test.each(names)('%s, with the bare time', async name => {
    const network = networkFor(name, { frequencies: 0, seed: 2 })
    const file = save(`${name}-raw.safetensors`, NAMINGS['torch Sequential'](network))
    await compare(await imported(file, '--convention', name), name, network)
  })

  test.each(names.filter(takesFourier))('%s, with Fourier features', async name => {
    const network = networkFor(name, { seed: 3 })
    const file = save(`${name}-fourier.npz`, NAMINGS.flax(network))
    await compare(await imported(file, '--convention', name), name, network)
  })

  test.each(Object.keys(NAMINGS))('whatever its layers are called: %s', async naming => {
    for (const ending of ['npz', 'safetensors']) {
      const network = networkFor('flow-map', { seed: 4 })
      const file = save(`${naming.replaceAll(' ', '-')}.${ending}`, NAMINGS[naming](network))
      await compare(await imported(file, '--convention', 'flow-map'), 'flow-map', network)
    }
  })

  const orders: [string, Partial<ForeignOptions>, string[], boolean][] = [
    ['the times first', { pointAt: 2 }, ['--inputs', 's,t,x'], false],
    ['the point between', { pointAt: 1 }, ['--inputs', 's,x,t'], false],
    ['the target first', {}, ['--inputs', 'x,t,s'], true],
    ['cosines first', { features: 'cos,sin' }, ['--features', 'cos,sin'], false],
    ['sines and cosines by turns', { features: 'interleaved' }, ['--features', 'interleaved'], false],
    ['times in every layer', { everywhere: true }, [], false],
    [
      'times first in every layer',
      { everywhere: true, pointAt: 2, frequencies: 0 },
      ['--inputs', 's,t,x'],
      false,
    ],
  ]
  test.each(orders)('in any order of its inputs: %s', async (what, options, flags, turned) => {
    const network = networkFor('flow-map', { ...options, seed: 5 })
    const file = save(`order-${what.replaceAll(' ', '-')}.npz`, NAMINGS.flax(network))
    const run = await imported(file, '--convention', 'flow-map', ...flags)
    const asNamed: ForeignNetwork = turned
      ? { ...network, call: (x, [s, t]) => network.call(x, [t, s]) }
      : network
    await compare(run, 'flow-map', asNamed)
  })

  test('with a factor of its own on the times', async () => {
    const network = networkFor('diffusers', { frequencies: 0, seed: 6 })
    const file = save('factor.npz', NAMINGS.flax(network))
    const run = await imported(file, '--convention', 'flow-matching', '--time-scale', '999')
    const map = await load(run)
    const [x] = POINTS
    const found = await map.jump(Float32Array.from(x), 0.7, 0.2)
    const expected = step(x, 0.5, network.call(x, [999 * (1 - 0.7)]))
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 4)
    })
    await map.close()
  })

  test('on data that was standardised', async () => {
    const network = networkFor('oxbow', { seed: 7 })
    const file = save('shifted.npz', NAMINGS.flax(network))
    const run = await imported(file, '--convention', 'oxbow', '--shift', '10,-1', '--scale', '2,0.1')
    const map = await load(run)
    const found = await map.jump(Float32Array.from(POINTS[0]), 1, 0)
    const z = NATIVE.oxbow(network, POINTS[0], 1, 0)
    expect(found[0]).toBeCloseTo(10 + 2 * z[0], 4)
    expect(found[1]).toBeCloseTo(-1 + 0.1 * z[1], 4)
    await map.close()
  })
})

test('a network of JAX takes its points where JAX takes them', async () => {
  const fixtures = new URL('./fixtures/', import.meta.url)
  const { points, cases } = JSON.parse(readFileSync(new URL('jax.json', fixtures), 'utf8')) as {
    points: number[][]
    cases: { t: number; r: number; points: number[][] }[]
  }
  const file = save('jax.npz', {})
  writeFileSync(file, readFileSync(new URL('jax.npz', fixtures)))
  const map = await load(await imported(file, '--convention', 'meanflow', '--network.activation', 'gelu'))
  for (const { t, r, points: expected } of cases) {
    const found = await map.jump(Float32Array.from(points.flat()), t, r)
    expected.flat().forEach((value, i) => {
      expect(Math.abs(found[i] - value)).toBeLessThan(1e-5)
    })
  }
  await map.close()
})

describe('an imported run', () => {
  test('is sampled, measured, exported and trained on like any other', async () => {
    const network = networkFor('flow-map', { seed: 8 })
    const file = save('whole.safetensors', NAMINGS['torch Sequential'](network))
    const run = await imported(file, '--convention', 'flow-map', '--data', 'ring')
    const ok = async (...args: string[]) => {
      const { code, stderr } = await runHere(args)
      expect(code, stderr).toBe(0)
    }
    await ok('sample', run, '--steps', '2', '--count', '20')
    await ok('evaluate', run, '--count', '200', '--weights', 'ema')
    await ok('export', run, '--sampler', '--steps', '2')
    const small = ['--steps', '2', '--batch', '16', '--network.hidden', '12']
    await ok('train', '--data', 'ring', '--init-from', run, ...small, '--out', at('tuned'))
    expect(readFileSync(join(run, 'README.md'), 'utf8')).toContain('Lagrangian')
  })

  test('says what was read as what', async () => {
    const file = save('said.npz', NAMINGS.flax(networkFor('edm', { seed: 9 })))
    const { stdout } = await runHere(['import', file, '--convention', 'edm', '--out', at('said')])
    expect(stdout).toContain('params/Dense_1/kernel [12, 12], params/Dense_1/bias [12] -> 1.weight, 1.bias')
    expect(stdout).toContain('read as edm: x = x0 + sigma eps')
    expect(stdout).toContain('network: 2 x 12 silu, times by 3 frequencies each, sees s')
    const card = readFileSync(at('said/README.md'), 'utf8')
    expect(card).toContain('A flow map with the parameters of `said.npz`, taken as a map of')
    expect(card).toContain('unknown data, 2 dimensions.')
    const json = await runHere(['import', file, '--convention', 'edm', '--out', at('said2'), '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      convention: 'edm',
      network: { hidden: 12, layers: 2, frequencies: 3, parameterization: 'edm', conditioning: 's' },
    })
  })
})

describe('weights of our own', () => {
  const data = () => at('table.csv')
  const run = at('own')
  beforeAll(async () => {
    const rows = Array.from(
      { length: 200 },
      (_, i) => `${1000 + 50 * Math.sin(i)},${Math.cos(3 * i) / 100},${i % 2}`,
    )
    writeFileSync(data(), `a,b,kind\n${rows.join('\n')}\n`)
    const options = [
      '--network.hidden',
      '12',
      '--network.activation',
      'tanh',
      '--steps',
      '3',
      '--batch',
      '16',
    ]
    const { code } = await runHere([
      'train',
      '--data',
      data(),
      '--data.csv.label',
      'kind',
      ...options,
      '--out',
      run,
    ])
    expect(code).toBe(0)
    for (const format of ['safetensors', 'npz']) {
      await runHere(['export', run, '--format', format, '--out', at(`exported/own.${format}`)])
    }
  })

  const samples = async (run: string) => {
    const out = `${run}.csv`
    expect((await runHere(['sample', run, '--count', '20', '--out', out])).code).toBe(0)
    return readFileSync(out, 'utf8')
  }
  const importOwn = (file: string, ...flags: string[]) =>
    runHere(['import', file, '--convention', 'oxbow', ...flags])

  test.each(['safetensors', 'npz'])('are the same model again: %s', async format => {
    const out = at(`own-${format}`)
    const file = at(`exported/own.${format}`)
    const named = ['--data', `{csv: {path: ${data()}, label: kind}}`, '--network.activation', 'tanh']
    expect(await importOwn(file, ...named, '--out', out)).toMatchObject({ code: 0, stderr: '' })
    expect(await samples(out)).toBe(await samples(run))
    const [before, after] = [run, out].map(path =>
      JSON.parse(readFileSync(join(path, 'config.json'), 'utf8')),
    )
    // Nothing was trained, so there were no threads.
    expect(after).toEqual({ ...before, threads: undefined })
    expect(await importOwn(file, '--out', `${out}-bare`)).toMatchObject({ code: 0, stderr: '' })
    expect(await samples(`${out}-bare`)).toBe(await samples(run))
  })

  test.each<[string, string[], RegExp]>([
    [
      'the activation',
      ['--network.activation', 'gelu'],
      /network.activation: .* was trained with "tanh", found "gelu"/,
    ],
    ['the seed', ['--seed', '9'], /seeds.data: .* was trained with 0, found 9/],
    ['the scale', ['--scale', '1,1'], /scale: .* was trained with [\d.]+,[\d.]+, found 1,1/],
    ['the data', ['--data', 'ring'], /data: .* was trained on table.csv; ring is other data/],
    ['the inputs', ['--inputs', 't,s,x'], /inputs: is for weights of other programs/],
    ['the convention', ['--convention', 'meanflow'], /is a model of oxbow; expected oxbow, found meanflow/],
  ])('say themselves what they are: other than %s is refused', async (_, flags, message) => {
    const found = await importOwn(at('exported/own.safetensors'), ...flags, '--out', at('never'))
    expect(found.stderr).toMatch(message)
    expect(found.stderr.trimEnd()).not.toContain('\n')
    expect(found.code).toBe(2)
    expect(existsSync(at('never'))).toBe(false)
  })

  test('say in one line what is assumed where nothing tells', async () => {
    mkdirSync(at('alone'))
    writeFileSync(at('alone/own.npz'), readFileSync(at('exported/own.npz')))
    const warned =
      /^oxbow: \S+own.npz: carries no configuration; assumed activation silu \(--network.activation\) and no standardisation of the data \(--shift, --scale\)\n$/
    expect((await importOwn(at('alone/own.npz'), '--out', at('alone/a'))).stderr).toMatch(warned)
    // That of a network of other shapes is not theirs.
    const { config, ...rest } = JSON.parse(readFileSync(at('exported/config.json'), 'utf8'))
    const other = { ...rest, config: { ...config, network: { ...config.network, hidden: 13 } } }
    writeFileSync(at('alone/config.json'), JSON.stringify(other))
    expect((await importOwn(at('alone/own.npz'), '--out', at('alone/b'))).stderr).toMatch(warned)
    const named = ['--network.activation', 'tanh', '--shift', '0,0']
    expect((await importOwn(at('alone/own.npz'), ...named, '--out', at('alone/c'))).stderr).toBe('')
  })
})

describe('what does not fit is refused, and nothing is written', () => {
  const good = () => NAMINGS['torch Sequential'](networkFor('oxbow', {}))
  const changed = (name: string, change: (tensors: Tensors) => Tensors) => save(name, change(good()))
  const cases: [string, () => string, string[], RegExp][] = [
    ['a missing file', () => at('none.npz'), [], /none\.npz: no such file/],
    [
      'another ending',
      () => save('weights.pt', good()),
      [],
      /expected weights in a .safetensors or .npz file/,
    ],
    ['a mislabelled file', () => save('a.npz', good()) && at('b.safetensors'), [], /not a safetensors file/],
    [
      'an unknown convention',
      () => save('c.npz', good()),
      ['--convention', 'edn'],
      /--convention: expected one of oxbow, /,
    ],
    [
      'a layer without a weight',
      () => changed('d.npz', ({ 'net.0.weight': _, ...rest }) => rest),
      [],
      /layer "net.0" has no weight; found net.0.bias \[12\]/,
    ],
    [
      'a convolution',
      () =>
        changed('e.npz', tensors => ({
          ...tensors,
          'conv.weight': { shape: [1, 1, 1], data: new Float32Array(1) },
        })),
      [],
      /conv.weight \[1, 1, 1\] is no weight or bias of a perceptron/,
    ],
    [
      'a bias that does not fit',
      () => changed('f.npz', tensors => ({ ...tensors, 'net.0.bias': vector([1, 2]) })),
      [],
      /net.0.bias \[2\] does not fit net.0.weight/,
    ],
    [
      'layers that do not follow',
      () =>
        changed('g.npz', tensors => ({
          ...tensors,
          'net.2.weight': matrix([[1, 2]]),
          'net.2.bias': vector([1]),
        })),
      [],
      /the layers do not follow each other: net.0 14 to 12, net.2 2 to 1, net.4 12 to 2; name those of one network in their order with --layers/,
    ],
    [
      'a wrong order',
      () => save('h.npz', good()),
      ['--layers', 'net.0,net.2'],
      /--layers: expected the names net.0, net.2, net.4/,
    ],
    [
      'one layer',
      () => save('i.npz', { 'a.weight': matrix([[1]]), 'a.bias': vector([1]) }),
      [],
      /expected two linear layers/,
    ],
    [
      'another number of times',
      () => save('j.npz', good()),
      ['--inputs', 'x,s,t,d'],
      /inputs: expected x and one of/,
    ],
    ['no point', () => save('k.npz', good()), ['--inputs', 's,t'], /inputs: expected x and one of/],
    [
      'a time too few',
      () => save('l.npz', NAMINGS.flax(networkFor('edm', { frequencies: 0 }))),
      [],
      /the first layer takes 3 numbers: 2 of a point leave 1 for two times/,
    ],
    [
      'weights that say otherwise',
      () => save('m.npz', good()),
      ['--network.hidden', '13'],
      /network.hidden: the weights have 12, found 13/,
    ],
    [
      'a factor that Fourier features lack',
      () => save('n.npz', NAMINGS.flax(networkFor('diffusers', {}))),
      ['--convention', 'diffusers'],
      /only the embedding raw can be read so/,
    ],
    [
      'a scale of other data',
      () => save('o.npz', good()),
      ['--scale', '1'],
      /scale: expected 2 numbers, found 1/,
    ],
    [
      'a scale of 0',
      () => save('p.npz', good()),
      ['--scale', '1,0'],
      /scale: expected numbers above 0, found 0/,
    ],
    [
      'a deviation that it has not',
      () => save('q.npz', good()),
      ['--sigma-data', '1'],
      /sigmaData: this convention has none/,
    ],
    [
      'data of another dimension',
      () => save('r.npz', good()),
      ['--data', '{gaussian: {mean: [0, 0, 0], std: [1, 1, 1]}}'],
      /data: gaussian has 3 coordinates, the weights 2/,
    ],
    [
      'numbers that are not finite',
      () =>
        changed('s.npz', tensors => ({ ...tensors, 'net.0.bias': vector(new Array(12).fill(Number.NaN)) })),
      [],
      /s\.npz: tensor net\.0\.bias: holds values that are not finite numbers/,
    ],
    ['an unknown key', () => save('t.npz', good()), ['--network.width', '3'], /unknown key network.width/],
    ['a taken folder', () => save('u.npz', good()), ['--out', folder], /is not empty and holds no run/],
  ]
  test.each(cases)('%s', async (_, make, flags, message) => {
    const file = make()
    if (file.endsWith('b.safetensors')) writeFileSync(file, readFileSync(at('a.npz')))
    const before = snapshot(folder)
    const convention = flags.includes('--convention') ? [] : ['--convention', 'oxbow']
    const out = flags.includes('--out') ? [] : ['--out', at('never')]
    const { code, stderr } = await runHere(['import', file, ...convention, ...out, ...flags])
    expect(stderr).toMatch(message)
    expect(stderr.trimEnd()).not.toContain('\n')
    expect(code).toBe(2)
    expect(snapshot(folder)).toEqual(before)
    expect(existsSync(at('never'))).toBe(false)
  })
})
