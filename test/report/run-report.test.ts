import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { currentEvaluation, evaluateRun, writeEvaluation } from '../../src/evaluation/evaluate.ts'
import { cardText } from '../../src/report/card.ts'
import { classLegend } from '../../src/report/class-legend.ts'
import { runReport } from '../../src/report/html-run.ts'
import { palette, stray } from '../../src/report/palette.ts'
import { gatherRun } from '../../src/report/run-report.ts'
import { sampleGrid } from '../../src/report/sample-grid.ts'
import type { RunData } from '../../src/report/types.ts'
import { paths, RunError } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { mixture, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('run-report')
const directory = join(folder, 'run <b>&"x')

async function measured(directory: string, config: UserConfig): Promise<void> {
  await train({ ...tiny, data: mixture, steps: 30, logEvery: 5, ...config }, { directory })
  const request = { steps: [1, 2], count: 200, seed: 1, method: 'auto', weights: ['ema', 'raw'] } as const
  writeEvaluation(directory, await evaluateRun(directory, request))
}

let data: RunData
let html: string
// biome-ignore lint/suspicious/noExplicitAny: the compiler's library has no DOM types
let all: (selector: string) => any[]

beforeAll(async () => {
  await measured(directory, { objective: 'psd' })
  data = await gatherRun(directory)
  html = runReport(data)
  const { document } = parseHTML(html)
  all = selector => [...document.querySelectorAll(selector)]
})

describe('the report of a run', () => {
  it('has every section', () => {
    expect(all('h2').map(heading => heading.textContent)).toEqual([
      'Results',
      'Samples',
      'Quality against steps',
      'Other metrics',
      'Jumps and ODE trajectories',
      'Residuals by source and target time',
      'Loss by time',
      'Training',
      'Data',
      'Make it again',
    ])
    expect(all('.grid td svg')).toHaveLength(5)
    expect(/\b(NaN|undefined)\b/.test(html)).toBe(false)
  })

  it('shows averaged beside raw weights, in tables and curves', () => {
    const names = all('.sortable')[0].querySelectorAll('tbody th')
    expect([...names].map(name => name.textContent)).toEqual(['averaged', 'raw'])
    expect(html).toMatch(/At 1 step, [\d,]+ of [\d,]+ samples lands? on the data \(averaged weights\)/)
    expect(html).toMatch(/Strays [\d.]+ % \(95% interval [\d.]+ to [\d.]+\); of the data itself 0.\d\d %/)
    expect(html).toContain('Sliced Wasserstein ')
  })

  it('shows strays first and in red, with what that is', () => {
    expect(all('.sortable caption')[0].textContent).toBe('strays (%)')
    expect(all('.grid path').some(path => path.getAttribute('stroke') === stray.colour)).toBe(true)
    expect(html).toContain('Red dots stray: they are off the data.')
    expect(html).toContain('Residual ')
  })

  it('has the cells of the residuals and of the losses, and their numbers as tables', () => {
    const maps = (start: string) =>
      all('svg[aria-label]').filter(svg => svg.getAttribute('aria-label').startsWith(start))
    for (const name of ['Semigroup', 'Lagrangian', 'Eulerian', 'Loss by source']) {
      expect(maps(name), name).toHaveLength(1)
      expect(maps(name)[0].querySelectorAll('g > title'), name).toHaveLength(36)
    }
    const [semigroup] = data.methods[0].diagnostics!.residuals
    const numbers = all('table.numbers')
    expect(numbers).toHaveLength(4)
    expect(numbers[0].querySelectorAll('td')).toHaveLength(64)
    const cell = maps('Semigroup')[0].querySelector('g > title').textContent
    expect(cell).toBe(`s = 0.125, t = 0: ${semigroup.values[0][0]!.toPrecision(3)}`)
  })

  it('has a panel of paths for each number of steps', () => {
    const panels = all('svg[aria-label^="Jumps and ODE paths"]')
    expect(panels.map(panel => panel.getAttribute('aria-label').match(/\d steps?/)[0])).toEqual([
      '1 step',
      '2 steps',
    ])
    for (const { gap } of data.methods[0].diagnostics!.paths!.jumps) expect(gap).toBeGreaterThan(0)
  })

  it('says of paths what their units are', () => {
    const inDeviations = 'Points and distances are in standard deviations of the data'
    expect(html).not.toContain(inDeviations)
    const [method] = data.methods
    const paths = { ...method.diagnostics!.paths!, standardization: { shift: [0, 0], scale: [2, 2] } }
    const methods = [{ ...method, diagnostics: { ...method.diagnostics!, paths } }]
    expect(runReport({ ...data, methods })).toContain(inDeviations)
  })

  it('escapes names, and asks for nothing outside itself', () => {
    const hostile = '<img src=x onerror=alert(1)>"\'&'
    const page = runReport({
      ...data,
      title: hostile,
      command: hostile,
      config: `</pre>${hostile}`,
      warnings: [hostile],
      dataset: { ...data.dataset, name: hostile, fingerprint: hostile },
      methods: data.methods.map(method => ({ ...method, label: hostile })),
      run: { ...data.run, name: hostile, objective: { id: hostile, formula: hostile, paper: hostile } },
      residuals: data.residuals.map(series => ({ ...series, label: hostile })),
      data: { ...data.data, labels: { names: [hostile], counts: [1] } },
    })
    const { document } = parseHTML(page)
    expect(document.querySelectorAll('img, link, iframe, [src], [href], [onerror]')).toHaveLength(0)
    expect(document.querySelectorAll('script')).toHaveLength(1)
    expect(document.querySelector('h1')!.textContent).toBe(hostile)
    expect(document.querySelector('.warnings li')!.textContent).toBe(hostile)
    expect(page.includes("default-src 'none'")).toBe(true)
    expect(/https?:|@import|url\(/.test(html.replaceAll('http://www.w3.org/2000/svg', ''))).toBe(false)
  })

  it('says how to make the run again, and what its data is', () => {
    const [command] = all('pre.command')
    expect(command.textContent.split('\n')[0]).toMatch(
      /^oxbow train --data\.mixture '\{.*\}' --objective psd /,
    )
    expect(command.textContent.split('\n')[1]).toMatch(/^oxbow evaluate .* --steps 1,2 --count 200 --seed 1$/)
    expect(all('details.printed pre')[0].textContent).toBe(data.config)
    expect(html.includes(`sha256:${data.data.fingerprint.sha256}`)).toBe(true)
    expect(all('table.plain')[0].querySelectorAll('tbody tr')).toHaveLength(2)
  })
})

it('gives metrics of the map itself, each with its interval and floor', () => {
  const metric = { name: 'nll', label: 'likelihood', unit: 'nats', floor: { value: 1, low: 0.9, high: 1.1 } }
  const estimate = { mean: 2.5, sd: null, values: [2.5], interval: [2.4, 2.6] as const }
  const page = runReport({
    ...data,
    mapMetrics: [{ metric, estimates: [estimate, null], notes: ['half of <them>'] }],
  })
  const cells = [...parseHTML(page).document.querySelectorAll('table.map tbody tr > *')]
  expect(cells.map(cell => cell.textContent)).toEqual([
    'likelihood (nats)',
    '2.50 (2.40 to 2.60)',
    '–',
    '1.00 (0.90 to 1.10)',
    'half of <them>',
  ])
})

it('lists what became of each class, the worst first', () => {
  const row = (name: string, agreement: number, coverage?: number) => ({
    ...{ name, count: 20, agreement, strays: 0.05 },
    ...(coverage !== undefined && { coverage }),
  })
  const textOf = (classes: ReturnType<typeof row>[]) => {
    const page = runReport({ ...data, byClass: { steps: 1, weights: 'ema', classes } })
    const table = [...parseHTML(page).document.querySelectorAll('table.plain')].find(each =>
      each.textContent!.includes('worst first'),
    )!
    return [...table.querySelectorAll('tr')].map(line => [...line.children].map(cell => cell.textContent))
  }
  expect(textOf([row('good', 0.9, 0.8), row('<bad>', 0.25, 0.5), { ...row('none', 0), count: 0 }])).toEqual([
    ['class', 'samples', 'belong to it', 'stray', 'covered'],
    ['<bad>', '20', '25.0 %', '5.0 %', '50.0 %'],
    ['good', '20', '90.0 %', '5.0 %', '80.0 %'],
  ])
  expect(textOf([row('a', 0.9)])[0]).toEqual(['class', 'samples', 'belong to it', 'stray'])
})

it('gives the ranges of channels where there are fewer than columns', () => {
  const fingerprint = { ...data.data.fingerprint, minimum: [3], maximum: [250] }
  const page = runReport({ ...data, data: { ...data.data, fingerprint } })
  const tables = [...parseHTML(page).document.querySelectorAll('table.plain')]
  expect(tables.map(table => table.textContent)).toEqual(['Channelschannelminimummaximum13.00250'])
})

describe('the files of a report', () => {
  it('are a page under 1.5 MB, and every plot as SVG and as PNG', async () => {
    const out = join(folder, 'page.html')
    const { code, stdout } = await runHere(['report', directory, '--out', out, '--json'])
    const { report, plots } = JSON.parse(stdout) as { report: string; plots: string[] }
    expect([code, report]).toEqual([0, out])
    expect(statSync(report).size).toBeLessThan(1.5e6)
    const names = plots.map(path => path.slice(paths(directory).plots.length + 1))
    const kinds = [
      'samples',
      'steps-slicedwasserstein',
      'paths-ema',
      'residuals',
      'loss-by-times',
      'loss-by-time',
      'training-loss',
      'training-residuals',
    ]
    expect(names).toEqual(expect.arrayContaining(kinds.flatMap(kind => [`${kind}.svg`, `${kind}.png`])))
    for (const path of plots) {
      const { format, width, height } = await sharp(path).metadata()
      expect([format, width! > 100, height! > 100], path).toEqual([path.slice(-3), true, true])
      if (path.endsWith('svg')) expect(/NaN|Infinity|undefined/.test(readFileSync(path, 'utf8'))).toBe(false)
    }
  })

  it('replace the plots of an earlier report, and no file of the user', async () => {
    const run = join(folder, 'twice')
    await train({ ...tiny, data: mixture, steps: 2 }, { directory: run })
    const options = ['evaluate', run, '--count', '50', '--steps', '1', '--weights', 'ema']
    const plots = () => readdirSync(paths(run).plots)
    expect((await runHere([...options, '--metrics', 'slicedWasserstein,mmd'])).code).toBe(0)
    expect(plots()).toEqual(expect.arrayContaining(['steps-mmd.svg', 'steps-mmd.png']))
    for (const name of ['steps-mine.png', 'notes.txt']) writeFileSync(join(paths(run).plots, name), 'mine')
    expect((await runHere([...options, '--metrics', 'slicedWasserstein'])).code).toBe(0)
    expect(
      plots()
        .filter(name => name.startsWith('steps-'))
        .sort(),
    ).toEqual(['steps-mine.png', 'steps-slicedwasserstein.png', 'steps-slicedwasserstein.svg'])
    expect(plots()).toContain('notes.txt')
  })

  it('need an evaluation, and a name that ends in .html', async () => {
    const wrong = await runHere(['report', directory, '--out', join(folder, 'page.txt')])
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toMatch(
      /^oxbow: --out .*page\.txt: expected the name of a file that ends in \.html\n$/,
    )
    const bare = join(folder, 'bare')
    await train({ ...tiny, data: mixture, steps: 1 }, { directory: bare })
    const early = await runHere(['report', bare])
    const stderr = `oxbow: ${bare}: has not been measured yet; "oxbow evaluate ${bare}" does\n`
    expect(early).toMatchObject({ code: 2, stderr })
  })

  it('are written by evaluate, unless it is told not to', async () => {
    const run = join(folder, 'evaluated')
    await train({ ...tiny, data: mixture, steps: 2 }, { directory: run })
    const options = ['evaluate', run, '--count', '50', '--steps', '1', '--weights', 'ema']
    expect((await runHere([...options, '--no-report'])).code).toBe(0)
    expect([existsSync(paths(run).report), existsSync(paths(run).plots)]).toEqual([false, false])
    expect((await runHere(options)).code).toBe(0)
    expect([existsSync(paths(run).report), existsSync(paths(run).plots)]).toEqual([true, true])
  })

  it('are of the averaged weights where a run has no checkpoint, as one from the hub', async () => {
    const run = join(folder, 'pulled')
    cpSync(directory, run, { recursive: true })
    rmSync(paths(run).checkpoints, { recursive: true })
    const { code, stderr } = await runHere(['report', run])
    expect([code, stderr]).toEqual([0, ''])
    const { methods, warnings, run: facts } = await gatherRun(run)
    expect(methods.map(({ label }) => label)).toEqual(['averaged'])
    expect(warnings[0]).toBe('the run has no checkpoint with raw weights: they are left out')
    expect(facts.steps).toBe(30)

    const evaluation = JSON.parse(readFileSync(paths(run).evaluation, 'utf8'))
    const rows = evaluation.rows.filter((row: { weights: string }) => row.weights === 'raw')
    writeFileSync(paths(run).evaluation, JSON.stringify({ ...evaluation, rows }))
    const raw = await runHere(['report', run])
    expect([raw.code, raw.stderr]).toEqual([2, expect.stringContaining('--weights ema')])
  })

  it('are written by evaluate of the averaged weights alone where there is no checkpoint', async () => {
    const run = join(folder, 'pulled')
    const options = ['evaluate', run, '--count', '50', '--steps', '1']
    const { code, stderr, stdout } = await runHere([...options, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).rows.map(({ weights }: { weights: string }) => weights)).toEqual(['ema'])
    expect(stderr).toBe(
      'oxbow: the run has no checkpoint with raw weights: only the averaged weights are evaluated\n',
    )
    expect(await runHere([...options, '--weights', 'raw'])).toMatchObject({
      code: 2,
      stderr: `oxbow: ${run}: the run has no checkpoint with raw weights; take the averaged ones with --weights ema\n`,
    })
  })

  it('are refused where the evaluation is damaged', async () => {
    const run = join(folder, 'evaluated')
    writeFileSync(paths(run).evaluation, '{"rows": 3}')
    await expect(gatherRun(run)).rejects.toThrow(RunError)
  })

  type Evaluation = { readonly rows: readonly object[]; readonly data: object }
  it.each<[string, (good: Evaluation) => unknown, string]>([
    ['rows of nothing', () => ({ data: {}, trainedSteps: 60, rows: [{ steps: '<b>' }] }), 'request'],
    ['no metrics', good => ({ ...good, rows: [{ ...good.rows[0], metrics: null }] }), 'rows.0.metrics'],
    ['far too many jumps', good => ({ ...good, rows: [{ ...good.rows[0], steps: 1e9 }] }), 'rows.0.steps'],
    ['no rows', good => ({ ...good, rows: [] }), 'rows'],
    ['words for numbers', good => ({ ...good, data: { ...good.data, dimension: 'x' } }), 'data.dimension'],
    ['null', () => null, 'all of it'],
  ])(
    'are refused in one line where the evaluation is %s, and the card leaves it out',
    async (_, change, key) => {
      const run = join(folder, 'evaluated')
      const good = JSON.parse(readFileSync(paths(directory).evaluation, 'utf8'))
      writeFileSync(paths(run).evaluation, JSON.stringify(change(good)))
      const { code, stderr } = await runHere(['report', run])
      expect(stderr).toBe(
        `oxbow: ${paths(run).evaluation}: not the evaluation of a run (${key} is missing or wrong); "oxbow evaluate ${run}" measures anew\n`,
      )
      expect(code).toBe(2)
      expect(currentEvaluation(run)).toBeUndefined()
      expect(cardText(run)).not.toContain('## Evaluation')
    },
  )

  it('take every evaluation of ours', async () => {
    const run = join(folder, 'evaluated')
    const all = ['evaluate', run, '--count', '50', '--steps', '1', '--metrics', 'all', '--no-report']
    expect(await runHere(all)).toMatchObject({ code: 0 })
    expect(currentEvaluation(run)).toEqual(JSON.parse(readFileSync(paths(run).evaluation, 'utf8')))
  })
})

describe('a run in the plane that is told classes', () => {
  const run = join(folder, 'moons')

  it('draws each class in a colour of its own, in the page and the plot, with a legend', async () => {
    await measured(run, { objective: 'psd', data: 'two-moons', condition: { kind: 'class' } })
    const data = await gatherRun(run)
    expect(data.classNames).toEqual(['0', '1'])
    const { document } = parseHTML(runReport(data))
    const colours = palette.slice(0, 2).map(({ colour }) => colour)
    const cells = [...document.querySelectorAll('.grid td svg')]
    expect(cells).toHaveLength(5)
    for (const cell of cells) {
      const strokes = [...cell.querySelectorAll('path')].map(path => path.getAttribute('stroke'))
      expect(strokes.filter(stroke => stroke !== stray.colour)).toEqual(colours)
    }
    const entries = [...document.querySelectorAll('.classes li')]
    expect(entries.map(entry => entry.textContent)).toEqual(['class 0', 'class 1'])
    expect(entries.map(entry => entry.querySelector('circle')!.getAttribute('fill'))).toEqual(colours)
    const svg = sampleGrid(data)
    for (const [k, colour] of colours.entries()) {
      expect(svg).toMatch(new RegExp(`<circle [^>]*fill="${colour}"/><text [^>]*>class ${k}</text>`))
    }
    // Real points: the first moon lies above the other.
    const heights = [0, 1].map(k => {
      const own = Array.from(data.referenceClasses!).flatMap((c, i) =>
        c === k ? [data.reference[2 * i + 1]] : [],
      )
      return own.reduce((sum, y) => sum + y, 0) / own.length
    })
    expect(heights[0]).toBeGreaterThan(heights[1] + 0.3)
  })

  it('names as many classes as there are colours, and the rest in ink', () => {
    const names = Array.from({ length: 10 }, (_, k) => `c${k}`)
    const legend = classLegend(names)
    expect(legend.map(({ name }) => name).slice(-2)).toEqual(['class c7', '2 more classes'])
    expect(new Set(legend.map(({ colour }) => colour)).size).toBe(9)
    expect(classLegend()).toEqual([])
  })
})

describe('a run that cannot show everything', () => {
  it('says why there are no residuals where only jumps to the data are trained', async () => {
    const run = join(folder, 'to-data')
    await measured(run, { objective: 'ct' })
    const page = runReport(await gatherRun(run))
    expect(page.includes('Residuals are left out: ct is trained to end at data only')).toBe(true)
    expect(page.includes('<h2>Residuals')).toBe(false)
    expect(page.includes('<h2>Jumps and ODE trajectories')).toBe(true)
  })

  it('leaves the loss out where the teacher is gone', async () => {
    const teacher = join(folder, 'teacher')
    await train(
      {
        ...tiny,
        data: mixture,
        steps: 2,
        objective: 'flow-matching',
        network: { ...tiny.network, conditioning: 's' },
      },
      { directory: teacher },
    )
    const run = join(folder, 'student')
    await measured(run, { objective: 'lmd', teacher })
    expect((await gatherRun(run)).methods[0].diagnostics!.notes).toEqual([])
    rmSync(teacher, { recursive: true })
    const page = runReport(await gatherRun(run))
    expect(page.includes(`The loss by time is left out: teacher: ${teacher}: no such`)).toBe(true)
    expect(page.includes('<h2>Residuals')).toBe(true)
  })
})
