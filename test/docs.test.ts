import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configKeys, resolveConfig } from '../src/config/index.ts'
import { type Objective, objectives } from '../src/objective/index.ts'
import { rewardSchema } from '../src/objective/reward.ts'

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'))

/** A page of objectives: its code from the source is kept true by the script that puts it there. */
const isPage = (document: string): boolean => document.startsWith('docs/objectives/')
const GENERATED_CODE = /^<!-- code [\s\S]*?^<!-- end -->/gm

interface Block {
  readonly document: string
  readonly language: string
  readonly text: string
}

const blocks: Block[] = DOCUMENTS.flatMap(document =>
  [
    ...readFileSync(document, 'utf8')
      .replace(GENERATED_CODE, '')
      .matchAll(/^```(\w+)\n([\s\S]*?)^```/gm),
  ].map(([, language, text]) => ({ document, language, text })),
)

/** An excerpt shows code of ours and is not run, but it must still be there, word for word. */
const isExcerpt = ({ text }: Block): boolean => text.includes('export const') && !text.includes('import ')

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => readFileSync(join('src', name), 'utf8'))

/** Less work in place of the documented sizes; what is run is otherwise what is written. */
const shortened = (command: string): string =>
  command
    .replace(/(train .*--steps) \d+/, '$1 60')
    .replace(
      /^npx oxbow compare(.*)$/,
      'npx oxbow compare$1 --training.steps 40 --training.batch 64 --count 500',
    )
    .replace(/^npx oxbow evaluate(.*)$/, 'npx oxbow evaluate$1 --count 500')
    .replace(/^npx oxbow bench(.*)$/, 'npx oxbow bench$1 --rounds 1 --python no-python')
    .replace(/^npx oxbow /, `node ${resolve('dist/cli/main.js')} `)

/** A block of the pages with short trainings and few points. */
const shortenedCode = (text: string): string =>
  text.replace(/\bsteps: \d{3,}/g, 'steps: 25').replace(/\bcount: \d{3,}/g, 'count: 100')

/** The arguments of a command of the pages, which train small networks on few points. */
function shortenedArguments(command: string): string[] {
  const [, , name, ...rest] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain,
  )
  const few: Record<string, Record<string, string>> = {
    train: { '--steps': '20', '--batch': '64', '--network.hidden': '32', '--coupling.pairs': '256' },
    evaluate: { '--count': '300' },
  }
  const less = few[name] ?? {}
  const kept = rest.filter((_, i) => !(rest[i] in less) && !(rest[i - 1] in less))
  return [name, ...kept, ...Object.entries(less).flat()]
}

describe('code in the documents', () => {
  // Inside the package, so that `import ... from 'oxbow'` finds it.
  let folder = ''
  beforeAll(() => {
    mkdirSync('runs', { recursive: true })
    folder = mkdtempSync(resolve('runs/docs-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const scripts = blocks.filter(
    block => block.language === 'ts' && !isExcerpt(block) && !isPage(block.document),
  )
  test.each(scripts.map((block, i) => [`${block.document}, block ${i}`, block] as const))(
    '%s runs',
    (_, { text }) => {
      const file = join(folder, `block-${Math.abs(text.length * 31 + text.charCodeAt(20))}.mjs`)
      writeFileSync(file, text)
      execFileSync('node', [file], { cwd: folder, stdio: 'pipe', timeout: 60_000 })
    },
  )

  test.each(blocks.filter(isExcerpt).map(block => [block.document, block] as const))(
    'the excerpt in %s is in the source',
    (_, { text }) => {
      expect(SOURCES.some(source => source.includes(text.trim()))).toBe(true)
    },
  )

  test('the commands of the README run in their order', { timeout: 600_000 }, () => {
    const commands = blocks
      .filter(({ document, language }) => document === 'README.md' && language === 'sh')
      .flatMap(({ text }) => text.trim().split('\n'))
      .filter(command => command.startsWith('npx oxbow'))
    expect(commands.length).toBeGreaterThan(5)
    for (const command of commands) {
      execFileSync('sh', ['-c', shortened(command)], { cwd: folder, stdio: 'pipe', timeout: 120_000 })
    }
  })

  const runnable = blocks.filter(
    ({ document, language, text }) =>
      document === 'docs/configuration.md' && language === 'sh' && text.includes('oxbow train'),
  )
  test.each(runnable.map((block, i) => [i, block] as const))(
    'the commands of docs/configuration.md, block %i, run in their order',
    (i, { text }) => {
      const cwd = join(folder, `configuration-${i}`)
      mkdirSync(cwd)
      const small = '--network.hidden 8 --batch 16'
      for (const command of text.trim().split('\n')) {
        const fresh = command.includes('--resume') ? command : `${command} ${small}`
        const coupled = /reflow/.test(fresh) ? `${fresh} --coupling.pairs 50` : fresh
        const short = /--steps \d/.test(coupled)
          ? coupled.replace(/--steps [1-9]\d*/, '--steps 20')
          : `${coupled} --steps 10`
        const words = short.replace(/^oxbow /, `node ${resolve('dist/cli/main.js')} `)
        execFileSync('sh', ['-c', words], { cwd, stdio: 'pipe', timeout: 60_000 })
      }
    },
  )

  test('npm scripts that the documents name exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = DOCUMENTS.flatMap(document => [
      ...readFileSync(document, 'utf8').matchAll(/npm run ([\w-]+)/g),
    ])
    for (const [, name] of named) expect(scripts).toHaveProperty(name)
  })
})

describe('the pages of objectives', () => {
  const GENERATE = resolve('docs/objectives/generate.mjs')
  const pages = DOCUMENTS.filter(isPage)
  const blocksOf = (document: string, language: string) =>
    blocks.filter(block => block.document === document && block.language === language)

  let folder = ''
  beforeAll(() => {
    mkdirSync('runs', { recursive: true })
    folder = mkdtempSync(resolve('runs/pages-'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs `node` on a script of ours. */
  const node = (script: string, ...options: string[]) => {
    const { status, stdout, stderr } = spawnSync('node', [script, ...options], {
      encoding: 'utf8',
      timeout: 170_000,
    })
    return { status, text: stdout + stderr }
  }

  /** A script that does its steps one after the other in one process, each in a folder; the last one named is the one that failed. */
  const inOneProcess = (name: string, before: string, steps: readonly { at: string; code: string }[]) => {
    const lines = steps.map(({ at, code }) => {
      mkdirSync(join(folder, at), { recursive: true })
      return `console.log(${JSON.stringify(`at ${at}`)}); process.chdir(${JSON.stringify(join(folder, at))})\n${code}`
    })
    const file = join(folder, `${name}.mjs`)
    writeFileSync(file, [before, ...lines].join('\n'))
    const { status, text } = node(file)
    expect(status, text.slice(-2000)).toBe(0)
    return text
  }

  test('each has code and commands to try', () => {
    expect(pages.length).toBeGreaterThan(8)
    for (const page of pages) {
      expect(blocksOf(page, 'ts').length, page).toBeGreaterThan(0)
      expect(blocksOf(page, 'sh').length, page).toBeGreaterThan(0)
    }
  })

  test('their code runs, with shorter trainings, and prints something', { timeout: 180_000 }, () => {
    const steps = pages.flatMap(page =>
      blocksOf(page, 'ts').map(({ text }, i) => {
        const at = `${basename(page, '.md')}-${i}`
        mkdirSync(join(folder, at))
        writeFileSync(join(folder, at, 'block.mjs'), shortenedCode(text))
        return { at, code: `await import('./${at}/block.mjs')` }
      }),
    )
    const text = inOneProcess('code', '', steps)
    for (const { at } of steps) expect(text).toMatch(new RegExp(`^at ${at}\n(?!at )\\S`, 'm'))
  })

  test('their commands run in their order', { timeout: 180_000 }, () => {
    const steps = pages.flatMap(page => {
      const commands = blocksOf(page, 'sh').flatMap(({ text }) => text.trim().split('\n'))
      return commands
        .filter(command => command.startsWith('npx oxbow '))
        .map(command => ({
          at: `${basename(page, '.md')}-commands`,
          code: `await run(${JSON.stringify(shortenedArguments(command))})`,
        }))
    })
    expect(steps.length).toBeGreaterThan(20)
    const before = `import { main } from ${JSON.stringify(resolve('dist/cli/program.js'))}
      const run = async argv => {
        const code = await main(argv)
        if (code !== 0) throw new Error(\`oxbow \${argv.join(' ')}: exit code \${code}\`)
      }`
    inOneProcess('commands', before, steps)
  })

  test('what is generated in them is up to date', () => {
    expect(node(GENERATE, '--check')).toEqual({ status: 0, text: '' })
  })

  test('numbers of the leaderboard come to the pages', () => {
    const above = mkdtempSync(join(folder, 'numbers-'))
    const copy = join(above, 'objectives')
    mkdirSync(copy)
    for (const page of pages) writeFileSync(join(copy, basename(page)), readFileSync(page))
    const at = (...means: number[]) => Object.fromEntries(means.map((mean, i) => [2 ** i, { mean }]))
    const ring = {
      data: 'ring',
      floors: { slicedWasserstein: 0.07 },
      methods: {
        'Euler on the teacher': {
          objective: 'flow-matching',
          metrics: { slicedWasserstein: at(2.7, 0.8, 0.3, 0.2) },
        },
        'ours, quick': {
          objective: 'cmt',
          metrics: { slicedWasserstein: at(0.5), trajectoryError: at(0.25) },
        },
        psd: { objective: 'psd', metrics: { slicedWasserstein: at(0.4, 0.3, 0.2, 0.1) } },
      },
    }
    writeFileSync(join(above, 'leaderboard.json'), JSON.stringify({ budget: 1.6e12, boards: [ring] }))
    expect(node(GENERATE, copy)).toEqual({ status: 0, text: '' })
    const text = readFileSync(join(copy, 'trajectory.md'), 'utf8')
    expect(text).toContain(`|  | ring | ring, trajectory |
| --- | ---: | ---: |
| ours, quick | 0.500 / - / - / - | 0.250 |
| Euler on the teacher | 2.70 / 0.800 / 0.300 / 0.200 | - |
| *noise floor* | 0.070 | 0 |`)
    expect(text).toContain('every training spends 1.6')
    expect(text).not.toContain('psd |')
  })

  test('the check sees what is wrong', () => {
    const changes: Record<string, [string | RegExp, string][]> = {
      'README.md': [['| 7.56 |', '| 7.57 |']],
      'lagrangian.md': [['error(dF, teacher', 'error(dF, target']],
      'diagonal.md': [['<!-- row itm -->', '']],
      'consistency.md': [['consistency.ts ctm -->', 'consistency.ts ctn -->']],
      'trajectory.md': [['numbers cmt', 'numbers cnt']],
      'two-way.md': [[/<!-- end -->(?![\s\S]*<!-- end -->)/, '']],
    }
    const copy = mkdtempSync(join(folder, 'copy-'))
    for (const page of pages) {
      const before = readFileSync(page, 'utf8')
      const after = (changes[basename(page)] ?? []).reduce(
        (text, [from, to]) => text.replace(from, to),
        before,
      )
      if (basename(page) in changes) expect(after, page).not.toBe(before)
      writeFileSync(join(copy, basename(page)), after)
    }
    const { status, text } = node(GENERATE, '--check', copy)
    expect(status).toBe(1)
    for (const problem of [
      'on no page: itm',
      'README.md: out of date',
      'lagrangian.md: out of date',
      'consistency.md, code src/objective/consistency.ts ctn: src/objective/consistency.ts declares no ctn',
      'trajectory.md, numbers cnt: no row cnt in the catalogue',
      'two-way.md: 3 starts of regions and 2 ends',
    ]) {
      expect(text).toContain(problem)
    }
  })
})

test('docs/configuration.md has every key with its default', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  const defaults: unknown = resolveConfig({ objective: 'psd' })
  for (const key of configKeys()) {
    const value = key
      .split('.')
      .reduce<unknown>((block, part) => (block as Record<string, unknown>)[part], defaults)
    const [, written] =
      new RegExp(`^\\| +\`${key.replaceAll('.', '\\.')}\` +\\| +\`([^\`]*)\` +\\|`, 'm').exec(text) ?? []
    expect(written, key).toBeDefined()
    // The objective and its options are the two that this configuration had to name.
    if (key !== 'objective' && key !== 'options') expect(JSON.parse(written!), key).toEqual(value)
  }
})

describe('rewards in docs/configuration.md', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  const section = /## Rewards\n([\s\S]*?)\n## /.exec(text)![1]

  test('have every kind, with the keys and defaults of each', () => {
    const [before] = section.split('| key |')
    const kinds = [...before.matchAll(/^\| `(\w+)` \|/gm)].map(([, kind]) => kind)
    expect(() => rewardSchema.parse({ kind: 'other' })).toThrow(`expected one of ${kinds.join(', ')}"`)
    const rows = [...section.matchAll(/^\| `(\w+)` \| (`\w+`|both) \| (?:`(.*)`|none) \| \S/gm)]
    for (const kind of kinds) {
      const own = rows.filter(([, , of]) => of === 'both' || of === `\`${kind}\``)
      const needed = own
        .filter(([, , , value]) => value === undefined)
        .map(([, key]) => [key, [[0, 1]]] as const)
      const written = own.flatMap(([, key, , value]) =>
        value === undefined ? [] : [[key, parse(value)] as const],
      )
      const asked = { kind, ...Object.fromEntries(needed) }
      expect(rewardSchema.parse(asked)).toEqual({ ...asked, ...Object.fromEntries(written) })
    }
  })

  test('are accepted as the example writes them', () => {
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(section)!
    expect(resolveConfig(parse(yaml))).toMatchObject(parse(yaml))
  })
})

describe('schedules in docs/configuration.md', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  const section = /## Numbers that change over training\n([\s\S]*?)\n## /.exec(text)![1]

  test('are of every kind', () => {
    const kinds = [...section.matchAll(/^\| `(\w+)` \| [^`|]/gm)].map(([, kind]) => kind)
    const known = (kind: string) =>
      resolveConfig({ objective: 'alphaflow', options: { alpha: { kind, from: 1, to: 0.1 } } })
    for (const kind of kinds) known(kind)
    expect(() => known('other')).toThrow(`kind one of ${kinds.join(', ')},`)
  })

  test('have the defaults of the catalogue, none left out', () => {
    const written = [...section.matchAll(/^\| `(\w+)` \| (`.*`) \| `(.*)` \|$/gm)].flatMap(
      ([, key, ids, value]) =>
        [...ids.matchAll(/\w+/g)].map(([id]) => [`${id} ${key}`, parse(value)] as const),
    )
    const takes = (row: Objective, key: string) =>
      row.options.safeParse({ [key]: { kind: 'linear', from: 0.2, to: 0.1 } }).success
    const real = [...objectives.values()].flatMap(row =>
      Object.entries(row.options.parse({}) as Record<string, unknown>)
        .filter(([key]) => takes(row, key))
        .map(([key, value]) => [`${row.id} ${key}`, value] as const),
    )
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(real))
  })

  test('are accepted as the example writes them', () => {
    const [{ text: yaml }] = blocks.filter(
      ({ document, language }) => document === 'docs/configuration.md' && language === 'yaml',
    )
    expect(resolveConfig(parse(yaml))).toMatchObject(parse(yaml))
  })
})

describe('the leaderboard', () => {
  /** The page of boards, in a process of its own: it is not of the compiled sources' types. */
  const page = (boards: object[]): string => {
    const folder = mkdtempSync(join(tmpdir(), 'oxbow-boards-'))
    writeFileSync(join(folder, 'boards.json'), JSON.stringify(boards))
    const code = `import { pageOf } from ${JSON.stringify(pathToFileURL(resolve('bench/leaderboard/report.mjs')).href)}
      import { readFileSync } from 'node:fs'
      console.log(pageOf(JSON.parse(readFileSync(${JSON.stringify(join(folder, 'boards.json'))}, 'utf8'))))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      encoding: 'utf8',
    })
    rmSync(folder, { recursive: true })
    expect(stderr).toBe('')
    return stdout
  }
  const board = (strays: boolean) => ({
    data: 'ring',
    seeds: 1,
    floors: { slicedWasserstein: 0.07, ...(strays && { strays: 0.0003 }) },
    failures: [],
    methods: Object.fromEntries(
      [0.057, 0.3].map((mean, i) => [
        ['cmt', 'lsd'][i],
        {
          objective: ['cmt', 'lsd'][i],
          metrics: {
            slicedWasserstein: { 1: { mean: 0.4 - i / 10 } },
            ...(strays && { strays: { 1: { mean } } }),
          },
        },
      ]),
    ),
  })

  test('shows strays first, in percent, and ranks by them', () => {
    const text = page([board(true)])
    expect(text.indexOf('### Strays')).toBeGreaterThan(0)
    expect(text.indexOf('### Strays')).toBeLessThan(text.indexOf('### Sliced Wasserstein'))
    expect(text).toMatch(/\| cmt \| - \| - \| \*\*5\.70\*\* \|[\s\S]*\| lsd \| - \| - \| 30\.00 \|/)
    expect(text).toContain('| *noise floor* |  |  | 0.03 |')
    expect(text).toContain('By the share of strays')
  })

  test('still shows numbers of an earlier version, which have none', () => {
    const text = page([board(false)])
    expect(text).not.toContain('trays:')
    expect(text).toContain('By sliced Wasserstein distance')
    expect(text).toMatch(/\| lsd \| - \| - \| \*\*0\.300\*\* \|/)
  })
})
