import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { energies } from '../../src/model/index.ts'
import { lower } from '../../src/runtime/onnx.ts'
import { type Outcome, runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { decodeNpy } from '../helpers/npy.ts'

const folder = temporaryFolder('weigh')
const at = (name: string) => join(folder, name)

async function here(...args: string[]): Promise<Outcome> {
  const outcome = await runHere(args)
  expect(outcome.code, outcome.stderr).toBe(0)
  return outcome
}

async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await runHere(args)
  expect(code).toBe(2)
  expect(stderr.trim().split('\n')).toHaveLength(1)
  return stderr.trim()
}

const weighed = async (model: string, energy: string, ...options: string[]) => {
  const words = ['weigh', at(model), '--energy', energy, '--count', '3000', '--target-count', '300']
  return JSON.parse((await here(...words, '--json', ...options)).stdout)
}

/** A Gaussian that a falcon of few steps learns well. */
const GAUSSIAN = '{mixture: {components: [{mean: [0.5, -1], std: [0.6, 0.9]}]}}'
const SMALL = [
  '--network.hidden',
  '32',
  '--network.layers',
  '2',
  '--network.frequencies',
  '2',
  '--batch',
  '128',
]

/** A Gaussian for each class. */
const LAWS = [
  { mean: [0.5, -1], std: [0.6, 0.9] },
  { mean: [4, 2], std: [0.5, 0.4] },
]
const energyOf = (law: object) => JSON.stringify({ mixture: { components: [law] } })
const logDensityOf = ({ mean, std }: (typeof LAWS)[number], point: readonly number[]) =>
  mean.reduce(
    (sum, m, k) => sum - ((point[k] - m) / std[k]) ** 2 / 2 - Math.log(std[k] * Math.sqrt(2 * Math.PI)),
    0,
  )

beforeAll(async () => {
  const train = (name: string, ...options: string[]) => here('train', '--out', at(name), ...options)
  const quick = [...SMALL, '--steps', '1200', '--lr', '0.003', '--objective', 'falcon']
  await train('gaussian', '--data', GAUSSIAN, ...quick)
  await train('scaled', '--data', GAUSSIAN, '--standardize', 'column', ...quick)
  await train('ct', ...TINY, '--steps', '20', '--objective', 'ct')
  await train(
    'told',
    ...TINY,
    '--steps',
    '20',
    '--data',
    'ring',
    '--condition',
    'class',
    '--condition.drop',
    '0',
  )
  const laws = JSON.stringify({ mixture: { components: LAWS } })
  await train('classes', '--data', laws, '--condition', 'class', '--condition.drop', '0.1', ...quick)
  await train(
    ...(['headed', '--data', GAUSSIAN, '--objective', 'f2d2:shortcut', '--teacher', 'exact'] as const),
    ...[...SMALL, '--steps', '800', '--lr', '0.003'],
  )
}, 120_000)

describe('oxbow weigh', () => {
  test.each(['gaussian', 'scaled'])(
    'finds the log Z of the law of %s, and writes it beside the run',
    async name => {
      const found = await weighed(name, GAUSSIAN)
      expect(found.file).toBe(join(at(name), 'importance.json'))
      const { file: _, plot, ...record } = found
      expect(plot).toBe(join(at(name), 'importance.svg'))
      expect(readFileSync(plot, 'utf8')).toContain('log weight, less log Z by its estimate')
      expect(JSON.parse(readFileSync(found.file, 'utf8'))).toEqual(record)
      expect(found.known).toBe(0)
      expect(Math.abs(found.logNormalizer)).toBeLessThan(Math.max(0.02, 4 * found.error))
      expect(found.effectiveShare).toBeGreaterThan(0.5)
      expect(found.effectiveShareFromTarget).toBeGreaterThan(0.4)
      expect([found.folded, found.lost, found.target.missed]).toEqual([0, 0, 0])
      expect(found.evaluations).toBe(12)
      expect(found.histogram.counts.reduce((sum: number, n: number) => sum + n, 0)).toBe(3000)
    },
  )

  test('a law of which half is not there has half of the mass, and few effective samples by the target', async () => {
    const two =
      '{mixture: {components: [{mean: [0.5, -1], std: [0.6, 0.9]}, {mean: [9, 9], std: [0.6, 0.9]}]}}'
    const found = await weighed('gaussian', two)
    expect(found.logNormalizer).toBeCloseTo(Math.log(0.5), 1)
    expect(found.effectiveShare).toBeGreaterThan(0.5)
    expect(found.warnings.join(' ')).toMatch(/log Z is below the known one/)
  })

  test.each([0, 1])('weighs the samples of class %i to its law', async k => {
    const found = await weighed('classes', energyOf(LAWS[k]), '--class', String(k))
    expect(found.class).toBe(String(k))
    expect(Math.abs(found.logNormalizer)).toBeLessThan(Math.max(0.03, 4 * found.error))
    expect(found.effectiveShare).toBeGreaterThan(0.5)
    expect(found.effectiveShareFromTarget).toBeGreaterThan(0.4)
  })

  test('says that it replaces weights to another energy', async () => {
    const words = ['weigh', at('gaussian'), '--count', '200', '--target-count', '0', '--energy']
    await here(...words, GAUSSIAN)
    expect((await here(...words, GAUSSIAN)).stderr).not.toMatch(/replace/)
    expect((await here(...words, 'double-well')).stderr).toMatch(
      /importance\.json had the weights to .*, which these replace; --out keeps both/,
    )
  })

  test('follows a flow from end to end', async () => {
    const found = await weighed('gaussian', GAUSSIAN, '--density', 'flow', '--count', '500')
    expect(found).toMatchObject({ density: 'flow', method: 'flow', grid: [1, 0] })
  })

  test('says it in words', async () => {
    const { stdout } = await here(
      'weigh',
      at('gaussian'),
      '--energy',
      GAUSSIAN,
      '--count',
      '500',
      '--out',
      at('w.json'),
    )
    for (const text of [
      /^log Z: .* ± .*; known: 0\.000$/m,
      /effective samples/,
      /folded: 0\.0 %/,
      /Pareto k/,
      /12 evaluations/,
    ])
      expect(stdout).toMatch(text)
    expect(stdout).toContain(`${at('w.json')}, ${at('w.svg')}`)
    for (const name of ['w.json', 'w.svg']) expect(existsSync(at(name))).toBe(true)
  })

  test('does not call weights good of which one decides, nor shares that are far from each other', async () => {
    const far = '{mixture: {components: [{mean: [5, 5], std: [0.3, 0.3]}]}}'
    const found = await here(
      'weigh',
      at('gaussian'),
      '--energy',
      far,
      '--count',
      '500',
      '--out',
      at('far.json'),
    )
    expect(found.stdout).toMatch(
      /^tail of the weights: .*\(says nothing: a few samples carry nearly all of the weight\)$/m,
    )
    expect(found.stdout).toMatch(/^careful: the weights amount to [1-9]\.\d effective samples/m)
    const two =
      '{mixture: {components: [{mean: [0.5, -1], std: [0.6, 0.9]}, {mean: [2.5, 2.5], std: [0.3, 0.3]}]}}'
    const { effectiveShare, effectiveShareFromTarget, warnings } = await weighed('gaussian', two)
    expect(effectiveShareFromTarget).toBeLessThan(effectiveShare / 3)
    expect(warnings.filter((text: string) => text.startsWith('effective samples are '))).toHaveLength(1)
  })

  test('is a section of the report beside an evaluation, and says where there is none yet', async () => {
    const report = (name: string) => ['report', at(name), '--out', at('report.html')]
    await weighed('scaled', GAUSSIAN)
    expect(await refused(...report('scaled'))).toMatch(
      /has not been measured yet; "oxbow evaluate .*" does, and its report has the importance weights too/,
    )
    await here('evaluate', at('scaled'), '--steps', '1', '--count', '200', '--metrics', 'strays')
    expect(existsSync(join(at('scaled'), 'plots', 'importance.svg'))).toBe(true)
    const file = join(at('scaled'), 'importance.json')
    const record = JSON.parse(readFileSync(file, 'utf8'))
    expect(record.trainedSteps).toBe(1200)
    const pageOf = async (text: string) => {
      writeFileSync(file, text)
      await here(...report('scaled'))
      return readFileSync(at('report.html'), 'utf8')
    }
    const old = await pageOf(JSON.stringify({ ...record, trainedSteps: 600 }))
    expect(old).toContain('<h2>Importance weights</h2>')
    expect(old).toContain('The importance weights are of 600 training steps, of 1200 now.')
    const damaged = await pageOf(JSON.stringify({ ...record, histogram: { low: 1, high: 0, counts: [1] } }))
    expect(damaged).toMatch(/The importance weights are left out: .*histogram is missing or wrong/)
    expect(damaged).not.toContain('<h2>Importance weights</h2>')
  })

  test('writes samples with the logarithm of their weights, which a training takes', async () => {
    const found = await weighed('gaussian', 'double-well', '--samples', at('weighed.csv'), '--temper', '0.3')
    expect(found.samples.part).toBeGreaterThan(0)
    expect(found.samples.part).toBeLessThan(1)
    const [head, ...rows] = readFileSync(at('weighed.csv'), 'utf8').trim().split('\n')
    expect(head).toBe('x0,x1,logWeight')
    expect(rows).toHaveLength(3000)
    const logs = rows.map(row => Number(row.split(',')[2]))
    const sums = logs.reduce(([a, b], log) => [a + Math.exp(log), b + Math.exp(2 * log)], [0, 0])
    expect(sums[0] ** 2 / sums[1] / 3000).toBeCloseTo(0.3, 1)
    const data = `{csv: {path: ${at('weighed.csv')}, condition: logWeight}}`
    const train = ['train', '--data', data, '--objective', 'weighted-flow-matching', ...SMALL]
    const { stderr } = await here(...train, '--steps', '20', '--out', at('weighted'))
    expect(stderr).not.toMatch(/NaN/)
    expect(await refused(...train.toSpliced(2, 1, 'ring'), '--out', at('none'))).toMatch(
      /needs data with a log weight for each point/,
    )
  })

  test('takes the energy of a file, with its log Z and samples', async () => {
    const { energy } = energies['double-well'].open({})
    const graph = trace(x => ({ u: energy(x) }), spec([DYNAMIC, 2], 'float32'))
    writeFileSync(at('u.onnx'), lower(simplify(graph)))
    const [named, file] = [await weighed('gaussian', 'double-well'), await weighed('gaussian', at('u.onnx'))]
    expect(file.logNormalizer).toBeCloseTo(named.logNormalizer, 4)
    expect([file.known, file.target]).toEqual([null, null])
    await here('sample', at('gaussian'), '--count', '200', '--out', at('points.csv'))
    const block = `{kind: onnx, path: ${at('u.onnx')}, logNormalizer: 10.3, samples: ${at('points.csv')}}`
    const more = await weighed('gaussian', block)
    expect(more.known).toBe(10.3)
    expect(more.target.count).toBe(200)
  })

  test.each<[string, string[], RegExp]>([
    [
      'another energy',
      ['gaussian', '--energy', 'double-wel'],
      /expected one of double-well.*did you mean double-well/,
    ],
    [
      'other coordinates',
      ['gaussian', '--energy', '{kind: many-well, dimension: 4}'],
      /4 coordinates, and these samples have 2/,
    ],
    [
      'data without a density',
      ['gaussian', '--energy', 'two-moons'],
      /the density of two-moons is not known/,
    ],
    ['a file that is none', ['gaussian', '--energy', 'no.onnx'], /no\.onnx/],
    [
      'a sampler with noise',
      ['ct', '--energy', 'double-well'],
      /ct is trained to end at data only|renoise adds noise/,
    ],
    ['a map that is told classes, told none', ['told', '--energy', 'double-well'], /--class is needed/],
    [
      'all classes',
      ['told', '--energy', 'ring', '--class', 'all'],
      /an energy is that of one class, found all/,
    ],
    ['another class', ['told', '--energy', 'ring', '--class', 'x'], /--class: expected .*; found x/],
    [
      'a class of a map without',
      ['gaussian', '--energy', 'ring', '--class', '0'],
      /was trained without classes/,
    ],
    [
      'steps of a flow',
      ['gaussian', '--energy', 'ring', '--density', 'flow', '--steps', '8'],
      /--density flow: is the density of the flow itself.*remove --steps 8/,
    ],
    [
      'a method of a flow',
      ['gaussian', '--energy', 'ring', '--density', 'flow', '--method', 'heun'],
      /remove --method heun/,
    ],
    [
      'a grid of a flow',
      ['gaussian', '--energy', 'ring', '--density', 'flow', '--grid', '1,0.5,0'],
      /remove --grid/,
    ],
    [
      'the density of a head',
      ['headed', '--energy', 'ring', '--density', 'head'],
      /--density: expected one of jump, flow|--density: expected jump or flow/,
    ],
    ['no energy', ['gaussian'], /--energy/],
    ['no run', ['nothing', '--energy', 'double-well'], /no such run/],
    ['another ending', ['gaussian', '--energy', 'double-well', '--samples', 'a.npy'], /ending in \.csv/],
  ])('%s is refused in one line', async (_, [model, ...options], message) => {
    expect(await refused('weigh', at(model), ...options)).toMatch(message)
  })
})

describe('oxbow sample --density', () => {
  const rowsOf = (name: string) =>
    readFileSync(at(name), 'utf8')
      .trim()
      .split('\n')
      .map(line => line.split(','))

  test.each(['gaussian', 'scaled'])("adds a column in the data's own units, of %s", async name => {
    await here(
      'sample',
      at(name),
      '--steps',
      '4',
      '--count',
      '400',
      '--density',
      'jump',
      '--out',
      at('own.csv'),
    )
    await here('sample', at(name), '--steps', '4', '--count', '400', '--out', at('plain.csv'))
    const [[...head], ...rows] = rowsOf('own.csv')
    expect(head).toEqual(['x0', 'x1', 'logDensity'])
    const plain = rowsOf('plain.csv').slice(1)
    let sum = 0
    rows.forEach(([a, b, log], i) => {
      expect(Math.abs(Number(a) - Number(plain[i][0]))).toBeLessThan(1e-4)
      const squares = ((Number(a) - 0.5) / 0.6) ** 2 + ((Number(b) + 1) / 0.9) ** 2
      sum += Number(log) - (-squares / 2 - Math.log(2 * Math.PI * 0.6 * 0.9))
    })
    // The map is near the law, so that its density is near in the mean.
    expect(Math.abs(sum / rows.length)).toBeLessThan(0.15)
  })

  test.each(['jump', 'flow'])('%s: of every class it is that of its own law', async density => {
    const options = ['--density', density, ...(density === 'jump' ? ['--steps', '4'] : [])]
    const words = ['sample', at('classes'), '--count', '300', ...options]
    await here(...words, '--class', 'all', '--out', at('all.csv'))
    const [head, ...rows] = rowsOf('all.csv')
    expect(head).toEqual(['x0', 'x1', 'class', 'logDensity'])
    expect(rows.map(row => row[2])).toEqual([...Array(300).fill('0'), ...Array(300).fill('1')])
    LAWS.forEach((law, k) => {
      const own = rows.filter(row => row[2] === String(k)).map(row => row.map(Number))
      const off = own.map(([a, b, , log]) => log - logDensityOf(law, [a, b]))
      expect(Math.abs(off.reduce((sum, each) => sum + each, 0) / 300), `class ${k}`).toBeLessThan(0.2)
    })
    await here(...words, '--class', '1', '--out', at('one.csv'))
    expect(rowsOf('one.csv').slice(1)).toEqual(rows.slice(300).map(row => row.toSpliced(2, 1)))
    await here(...words, '--class', 'none', '--out', at('none.csv'))
    expect(rowsOf('none.csv')[1]).not.toEqual(rowsOf('one.csv')[1])
  })

  test('by a divergence head it costs the jumps alone', async () => {
    const words = ['sample', at('headed'), '--steps', '4', '--count', '300', '--out', at('head.csv')]
    const { stdout } = await here(...words, '--density', 'head', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ evaluations: 4, density: 'head', method: 'jump' })
    const said = rowsOf('head.csv')
    await here(...words, '--density', 'jump')
    const exact = rowsOf('head.csv')
    expect(said[0]).toEqual(['x0', 'x1', 'logDensity'])
    let [square, spread] = [0, 0]
    said.slice(1).forEach(([a, b, log], i) => {
      const own = exact[i + 1]
      expect(Math.abs(Number(a) - Number(own[0]))).toBeLessThan(1e-5)
      const truth = logDensityOf(LAWS[0], [Number(a), Number(b)])
      square += (Number(log) - truth) ** 2 / 300
      spread += (Number(log) - Number(own[2])) ** 2 / 300
    })
    // With the sign of the paper it would be off by 1.2.
    expect(Math.sqrt(square)).toBeLessThan(0.6)
    expect(spread).toBeGreaterThan(0)
    expect(await refused(...words, '--density', 'head', '--method', 'euler')).toMatch(/use --method jump/)
    expect(await refused('sample', at('gaussian'), '--density', 'head')).toMatch(
      /no divergence head; train one, e\.g\. with --objective f2d2:shortcut/,
    )
  })

  test('of the flow it is another, near it', async () => {
    const options = ['--count', '100', '--out', at('flow.csv'), '--density', 'flow']
    const { stdout } = await here('sample', at('gaussian'), ...options)
    expect(stdout).toMatch(/100 points, along the flow$/m)
    expect(await refused('sample', at('gaussian'), ...options, '--steps', '4')).toMatch(/remove --steps 4/)
    const logs = rowsOf('flow.csv')
      .slice(1)
      .map(row => Number(row[2]))
    expect(logs.every(Number.isFinite)).toBe(true)
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    await here('sample', at('gaussian'), ...options, '--divergence', 'rademacher')
    const probed = rowsOf('flow.csv')
      .slice(1)
      .map(row => Number(row[2]))
    expect(probed).not.toEqual(logs)
    expect(Math.abs(mean(probed) - mean(logs))).toBeLessThan(0.3)
    expect(await refused('sample', at('gaussian'), '--divergence', 'gaussian', '--out', at('b.csv'))).toMatch(
      /add --density flow/,
    )
    expect(
      await refused(
        ...['sample', at('gaussian'), '--density', 'jump'],
        '--divergence',
        'gaussian',
        '--out',
        at('b.csv'),
      ),
    ).toMatch(/determinants are exact/)
  })

  test('goes into a second file of .npy, and nowhere else', async () => {
    const { stdout } = await here(
      'sample',
      at('gaussian'),
      '--count',
      '50',
      '--density',
      'jump',
      '--out',
      at('a.npy'),
      '--json',
    )
    expect(JSON.parse(stdout).logDensity).toBe(at('a.logDensity.npy'))
    const { data, shape } = decodeNpy(readFileSync(at('a.logDensity.npy')))
    expect([data.length, ...shape]).toEqual([50, 50])
    const words = ['sample', at('gaussian'), '--density', 'jump']
    expect(await refused(...words, '--out', at('a.png'))).toMatch(/has no place for it/)
    expect(await refused(...words, '--start', at('own.csv'), '--out', at('b.csv'))).toMatch(
      /--start have no density/,
    )
    expect(await refused(...words, '--method', 'renoise', '--out', at('b.csv'))).toMatch(
      /renoise adds noise|has no/,
    )
  })
})

test('evaluate measures the return, its determinants, folds and effective samples', async () => {
  const metrics = 'inverseError,determinantResidual,folded,effectiveShare'
  const { stdout } = await here(
    ...['evaluate', at('gaussian'), '--metrics', metrics, '--count', '1000', '--steps', '1', '--json'],
  )
  const found = JSON.parse(stdout).maps[0].metrics
  expect(Object.keys(found)).toEqual(metrics.split(','))
  expect(found.inverseError.value).toBeLessThan(0.2)
  expect(found.determinantResidual.value).toBeLessThan(0.3)
  expect(found.folded.value).toBe(0)
  expect(found.effectiveShare.value).toBeGreaterThan(0.5)
  expect(await refused('evaluate', at('ct'), '--metrics', 'inverseError')).toMatch(
    /trained to jump in both directions/,
  )
})

test('evaluate has the likelihood of data given its class, of a map that must be told it', async () => {
  const laws = JSON.stringify({ mixture: { components: LAWS } })
  await here(
    ...['train', '--data', laws, '--condition', 'class', '--condition.drop', '0', '--objective', 'falcon'],
    ...[...SMALL, '--steps', '1200', '--lr', '0.003', '--out', at('strict')],
  )
  const words = ['evaluate', at('strict'), '--metrics', 'flowNLL,jumpNLL', '--count', '1000', '--steps', '1']
  const { metrics } = JSON.parse((await here(...words, '--json')).stdout).maps[0]
  // The entropy of a class, in the mean: that of the data as a whole is higher by ln 2.
  const entropy =
    LAWS.flatMap(({ std }) => std.map(Math.log)).reduce((a, b) => a + b) / 2 + Math.log(2 * Math.PI * Math.E)
  for (const name of ['flowNLL', 'jumpNLL']) {
    expect(Math.abs(metrics[name].value - entropy), name).toBeLessThan(0.25)
    expect(metrics[name].note).toMatch(/^given the class of each point/)
    expect(metrics[name].floor).toBeNull()
  }
  expect(await refused(...words.with(3, 'semigroupError'))).toMatch(/needs an unconditional map/)
})
