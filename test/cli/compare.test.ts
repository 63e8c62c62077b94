import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { beforeAll, describe, expect, test } from 'vitest'
import { documentOf, type Outcome, run, runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'

const folder = temporaryFolder('compare')
const at = (name: string) => join(folder, name)

describe('compare', () => {
  const out = at('compare')
  const small = ['--training.network.hidden', '16', '--training.batch', '32', '--training.steps', '60']
  const args = [
    'compare',
    '--objectives',
    'psd,lmd',
    '--seeds',
    '2',
    '--steps',
    '1,2',
    '--count',
    '200',
    ...small,
  ]
  let outcome: Outcome
  beforeAll(async () => {
    outcome = await run([...args, '--teacher', 'exact', '--out', out, '--json'])
  }, 120_000)

  test('--json: a row for each objective, number of steps and metric, with mean, spread and floor', () => {
    const { rows, report } = documentOf(outcome) as { rows: Record<string, unknown>[]; report: string }
    expect(report).toBe(join(out, 'report.html'))
    expect(new Set(rows.map(row => `${row.objective} ${row.steps}`)).size).toBe(4)
    expect(rows).toHaveLength(4 * 9)
    const [psd] = rows.filter(row => row.objective === 'psd' && row.metric === 'slicedWasserstein')
    const [a, b] = readdirSync(join(out, 'runs'))
      .filter(name => name.startsWith('psd-'))
      .map(name => JSON.parse(readFileSync(join(out, 'runs', name, 'evaluation.json'), 'utf8')))
      .map(evaluation => evaluation.rows[0].metrics.slicedWasserstein.value as number)
    expect(psd.mean).toBeCloseTo((a + b) / 2, 10)
    expect(psd.sd).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 10)
    for (const row of rows) {
      expect(row).toEqual({
        objective: expect.stringMatching(/^(psd|lmd)$/),
        label: row.objective,
        steps: expect.any(Number),
        method: 'jump',
        metric: expect.any(String),
        mean: expect.any(Number),
        sd: expect.any(Number),
        seeds: 2,
        floor: expect.any(Number),
      })
    }
  })

  test('reports progress on standard error, a line for each run, without control characters', () => {
    const lines = outcome.stderr.trim().split('\n')
    expect(lines).toHaveLength(4)
    for (const line of lines)
      expect(line).toMatch(/^\[[1-4]\/4\] (psd|lmd) seed [01] trained and measured in [\d.]+ s$/)
  })

  test('writes a report that needs nothing but itself', () => {
    const html = readFileSync(join(out, 'report.html'), 'utf8')
    const { document } = parseHTML(html)
    expect(document.querySelectorAll('link, iframe, [src], [href]')).toHaveLength(0)
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:\/\/(?!arxiv)|@import|url\(/,
    )
    expect([...document.querySelectorAll('table.sortable tbody th')].map(cell => cell.textContent)).toEqual(
      expect.arrayContaining(['psd', 'lmd']),
    )
    expect(document.querySelectorAll('.grid td svg').length).toBeGreaterThanOrEqual(5)
    expect(document.querySelector('pre.command')!.textContent).toContain('oxbow compare --objectives psd,lmd')
  })

  test('prints a table with spread and floor, from what is there', async () => {
    const { stdout } = await runHere([...args, '--teacher', 'exact', '--out', out])
    expect(stdout).toMatch(/psd +[\d.]+ ± [\d.]+/)
    expect(stdout).toMatch(/noise floor +[\d.]+/)
    expect(stdout).toContain(`report: ${join(out, 'report.html')}`)
  })

  test('refuses a network for features that cannot be used before it trains', async () => {
    writeFileSync(at('none.onnx'), 'no network')
    const { code, stderr } = await runHere([
      ...args,
      ...['--teacher', 'exact', '--features', at('none.onnx'), '--out', at('refused')],
    ])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^oxbow: features: .*none\.onnx: [^\n]+\n$/)])
    expect(existsSync(at('refused'))).toBe(false)
  })

  long('looks through a network, and measures what the first table shows', async () => {
    const network = at('moons.onnx')
    await runHere(['features', 'two-moons', '--steps', '50', '--out', network])
    writeFileSync(
      at('seen.yaml'),
      `data: two-moons\nobjectives: [psd]\nsteps: [1]\ncount: 200\nmetric: recall\nfeatures: moons.onnx
training: {steps: 20, batch: 32, network: {hidden: 16}}\n`,
    )
    const found = await run(['compare', '--config', at('seen.yaml'), '--out', at('seen'), '--json'])
    const { rows } = documentOf(found) as { rows: { metric: string }[] }
    const metrics = rows.map(({ metric }) => metric)
    expect(metrics).toEqual(expect.arrayContaining(['recall', 'featureFrechet', 'classBalance']))
  })

  long('trains the teacher that it needs', async () => {
    const needy = ['compare', '--objectives', 'lmd', '--steps', '1', '--count', '100', ...small]
    const { code, stdout } = await run([
      ...needy,
      '--teacherTraining.steps',
      '30',
      '--out',
      at('taught'),
      '--json',
    ])
    expect(code).toBe(0)
    type Row = { objective: string; label: string }
    const rows = JSON.parse(stdout).rows.map(({ objective, label }: Row) => `${label}: ${objective}`)
    expect(new Set(rows)).toEqual(new Set(['Euler on the teacher: flow-matching', 'lmd: lmd']))
    expect(existsSync(join(at('taught'), 'report.html'))).toBe(true)
  })

  long('a row may start from another run, and only convert it', async () => {
    const trained = at('trained')
    await runHere(['train', ...TINY, '--steps', '20', '--out', trained])
    writeFileSync(
      at('started.yaml'),
      `objectives: [psd, {id: psd, label: started, training: {initFrom: ${trained}, steps: 0}}]
training: {steps: 60, batch: 32, network: {hidden: 16}}\nsteps: [1]\ncount: 100\n`,
    )
    const command = ['compare', '--config', at('started.yaml'), '--out', at('started'), '--json']
    const { code, stdout, stderr } = await run(command)
    expect([code, stderr]).toEqual([0, expect.stringContaining('started seed 0 trained and measured')])
    type Row = { label: string }
    const labels = JSON.parse(stdout).rows.map(({ label }: Row) => label)
    expect(new Set(labels)).toEqual(new Set(['psd', 'started']))
    expect((await runHere(command)).stderr).toContain('started seed 0 was there already')

    writeFileSync(at('misfit.yaml'), readFileSync(at('started.yaml'), 'utf8').replace('16', '8'))
    const misfit = await runHere(['compare', '--config', at('misfit.yaml'), '--out', at('misfit')])
    expect([misfit.code, misfit.stderr]).toEqual([
      2,
      expect.stringMatching(/initFrom: .* cannot start this run: network\.hidden is 16 there and 8 here/),
    ])
    expect(existsSync(at('misfit'))).toBe(false)
  })

  long('a training that fails is named, does not stop the others, and fails the whole with 1', async () => {
    writeFileSync(
      at('failing.yaml'),
      `objectives: [psd, {id: psd, label: wild, training: {optimizer: {learningRate: 1.0e+15}}}]
training: {steps: 60, batch: 32, network: {hidden: 16}}\nsteps: [1]\ncount: 100\n`,
    )
    const failing = ['compare', '--config', at('failing.yaml'), '--out', at('failing'), '--json']
    const { code, stdout, stderr } = await run(failing)
    expect(code).toBe(1)
    const { rows, failures } = JSON.parse(stdout)
    expect(rows.map(({ objective }: { objective: string }) => objective)).toContain('psd')
    expect(Object.entries(failures)).toEqual([
      [expect.stringMatching(/wild-seed0/), expect.stringMatching(/^step \d+: .*not finite/)],
    ])
    expect(stderr).toMatch(/^oxbow: .*wild-seed0-\w+: step \d+: .*not finite/m)
  })
})
