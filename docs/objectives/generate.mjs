// Fills the generated regions of these pages: rows and their table from the catalogue, code from its file, numbers from
// leaderboard.json in the folder above them.
//
//   npm run docs                         writes the pages that are out of date
//   npm run docs -- --check [FOLDER]     names them and what is wrong with them, and fails
//
// A region stands between two markers; whatever is between them is replaced:
//
//   <!-- catalogue -->                                table of all rows
//   <!-- row lsd -->                                  one row
//   <!-- code src/objective/lagrangian.ts lsd -->     functions of a file, with their doc comments
//   <!-- numbers lsd,tvm -->                          what the leaderboard measured for these rows
//   <!-- end -->                                      the end of each
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { objectives } from '../../dist/index.js'
import { measureCost } from '../../dist/training/cost.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const OWN_FOLDER = join(ROOT, 'docs', 'objectives')
/** A row of the leaderboard that every page shows, to compare with. */
const REFERENCE = 'Euler on the teacher'
const REGION = /<!-- (row|code|numbers|catalogue)((?: [^\n]*?)?) -->\n([\s\S]*?)<!-- end -->/g

const line = cells => `| ${cells.map(cell => `${cell}`.replaceAll('|', '\\|')).join(' | ')} |`
const table = ([head, ...rows], right = []) =>
  [line(head), line(head.map((_, i) => (right.includes(i) ? '---:' : '---'))), ...rows.map(line)].join('\n')
const code = text => `\`${text}\``
const linked = paper => paper.replace(/arXiv:(\d+\.\d+)/, '[arXiv:$1](https://arxiv.org/abs/$1)')

function find(id) {
  const row = objectives.get(id)
  if (!row) throw new Error(`no row ${id} in the catalogue`)
  return row
}

/** Defaults under the configuration's own keys. */
const CONFIG_KEY = {
  weight: 'consistency.weight',
  diagonalFraction: 'diagonal.fraction',
  clip: 'optimizer.clip',
  coupling: 'coupling.kind',
  guidance: 'guidance.rule',
}

function defaultsOf({ defaults, diagonal, parts, head, coupling = defaults.coupling }) {
  const { diagonalFraction, ...rest } = defaults
  const others = coupling ? { ...rest, coupling } : rest
  const all = diagonal && parts ? { ...others, diagonalFraction: diagonalFraction ?? 0.3 } : others
  const flat = Object.entries(all).flatMap(([key, value]) =>
    key === 'times' || key === 'loss'
      ? Object.entries(value).map(([inner, each]) => [`${key}.${inner}`, each])
      : [[CONFIG_KEY[key] ?? key, value]],
  )
  const own = head ? [...flat, ['network.divergenceHead', 'auto']] : flat
  return own.map(([key, value]) => code(`${key} ${shown(value)}`)).join(', ')
}

/** As one would write it after an option of the command. */
const shown = value =>
  Array.isArray(value)
    ? JSON.stringify(value)
    : value !== null && typeof value === 'object'
      ? `{${Object.entries(value)
          .map(([key, each]) => `${key}: ${shown(each)}`)
          .join(', ')}}`
      : typeof value === 'number'
        ? Number(value.toPrecision(3))
        : value

const optionsOf = ({ options }) =>
  Object.entries(options.parse({}))
    .map(([key, value]) => code(`options.${key} ${shown(value)}`))
    .join(', ')

const costs = new Map()
function measured(row) {
  if (!costs.has(row.id)) costs.set(row.id, measureCost(row).toFixed(2))
  return costs.get(row.id)
}

const costOf = row => {
  const { publishedCost, costNote } = row
  const published = publishedCost === null ? 'none published' : `${publishedCost} published`
  return `${published}, ${measured(row)} measured${costNote ? ` (${costNote})` : ''}`
}

/** Whether a row's formula holds in a curved space, and with which of its options. */
function curvedOf(row) {
  const { traits, options } = row
  if (typeof traits !== 'function') return traits.curved ? 'yes' : 'no'
  const choices = Object.entries(options.shape).flatMap(([name, field]) =>
    (field.def.innerType?.options ?? []).map(value => ({ [name]: value })),
  )
  const fits = choices.filter(choice => traits({ ...options.parse({}), ...choice }).curved)
  return fits.map(choice => `with ${code(Object.entries(choice)[0].join(': '))}`).join(', ')
}

function rowRegion(id) {
  const row = find(id)
  const { name, paper, tex, rule, setting, needs, jumps, diagonal, whenToUse, trouble } = row
  const facts = [
    ['rule, setting', `${rule}, ${setting}`],
    ['needs', needs.join(', ')],
    ['jumps', jumps],
    ['curved spaces', curvedOf(row)],
    ['diagonal term', diagonal ? code(diagonal) : 'none needed'],
    ['forward passes a step', costOf(row)],
    ['options', optionsOf(row)],
    ['defaults of its own', defaultsOf(row)],
    ['when to use', whenToUse],
    ['known trouble', trouble],
  ].filter(([, value]) => value !== '')
  // A fence and not two dollars: between dollars GitHub takes the backslash from \| and \, before TeX is read.
  return [
    `### ${id}`,
    `**${name}.** ${linked(paper)}`,
    `\`\`\`math\n${tex}\n\`\`\``,
    table([['', ''], ...facts]),
  ].join('\n\n')
}

/** Top-level declarations of a file by name, each with the comment above it. */
function declarations(source) {
  const file = join(ROOT, source)
  if (!existsSync(file)) throw new Error(`no file ${source}`)
  const chunks = readFileSync(file, 'utf8')
    .trim()
    .split(/\n\n(?=\S)/)
  return new Map(
    chunks.flatMap(chunk => {
      const [, name] = /^(?:export )?(?:const|function|interface|type) (\w+)/m.exec(chunk) ?? []
      return name ? [[name, chunk]] : []
    }),
  )
}

function codeRegion(argument) {
  const [source, ...names] = argument.split(' ')
  const known = declarations(source)
  const texts = names.map(name => {
    if (!known.has(name)) throw new Error(`${source} declares no ${name}`)
    return known.get(name)
  })
  if (texts.length === 0) throw new Error(`code ${source} names no function`)
  return `[${source}](../../${source})\n\n\`\`\`ts\n${texts.join('\n\n')}\n\`\`\``
}

/** Three digits, without an exponent. */
const digits = x => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x >= 1 ? x.toFixed(2) : x.toFixed(3))

function numbersRegion(argument, leaderboard) {
  const ids = argument.split(',')
  ids.forEach(find)
  if (!existsSync(leaderboard))
    return 'The leaderboard has not been run yet: `npm run leaderboard`, then `npm run docs`.'
  const { budget, boards } = JSON.parse(readFileSync(leaderboard, 'utf8'))
  const labels = [...new Set(boards.flatMap(({ methods }) => Object.keys(methods)))]
  const idOf = label => boards.map(({ methods }) => methods[label]?.objective).find(Boolean)
  const chosen = ids.flatMap(id => labels.filter(label => idOf(label) === id && label !== REFERENCE))
  const nfe = [1, 2, 4, 8]
  const exact = boards.filter(({ methods }) =>
    Object.values(methods).some(({ metrics }) => metrics.trajectoryError),
  )
  const at = (board, label, metric, steps) => board.methods[label]?.metrics[metric]?.[steps]?.mean
  const cell = value => (value === undefined ? '-' : digits(value))
  const shown = [...chosen, ...labels.filter(label => label === REFERENCE)]
  const rows = shown.map(label => [
    label,
    ...boards.map(board => nfe.map(steps => cell(at(board, label, 'slicedWasserstein', steps))).join(' / ')),
    ...exact.map(board => cell(at(board, label, 'trajectoryError', 1))),
  ])
  const floor = [
    '*noise floor*',
    ...boards.map(({ floors }) => digits(floors.slicedWasserstein)),
    ...exact.map(() => '0'),
  ]
  const head = ['', ...boards.map(({ data }) => data), ...exact.map(({ data }) => `${data}, trajectory`)]
  return [
    `Sliced Wasserstein distance in 1 / 2 / 4 / 8 evaluations of the network, then the trajectory error of one jump where the
exact map is known; every training spends ${(budget / 1e12).toFixed(1)} · 10^12 floating-point operations. Spreads over seeds and all
other rows: [leaderboard.md](../leaderboard.md).`,
    chosen.length > 0
      ? table([head, ...rows, floor], head.map((_, i) => i).slice(1))
      : 'Not on the leaderboard.',
  ].join('\n\n')
}

/** What a heading is called in an address. */
const anchorOf = heading => heading.replaceAll(':', '')

function catalogueRegion(pageOf) {
  const head = ['id', 'name', 'rule', 'setting', 'needs', 'jumps', 'published', 'measured', 'page']
  const rows = [...objectives.values()].map(row => {
    const { id, name, rule, setting, needs, jumps, publishedCost } = row
    const page = pageOf.get(id) ?? ''
    return [
      `[${code(id)}](${page}#${anchorOf(id)})`,
      name,
      rule,
      setting,
      needs.join(', '),
      jumps,
      publishedCost ?? '-',
      measured(row),
      `[${page.replace('.md', '')}](${page})`,
    ]
  })
  return table([head, ...rows], [6, 7])
}

/** The page on which each row stands, and what is wrong with that. */
function pagesOfRows(pages) {
  const pageOf = new Map()
  const problems = []
  for (const [page, text] of pages) {
    for (const [, id] of text.matchAll(/<!-- row (\S+) -->/g)) {
      if (pageOf.has(id)) problems.push(`row ${id} is on ${pageOf.get(id)} and on ${page}`)
      pageOf.set(id, page)
    }
  }
  const left = [...objectives.keys()].filter(id => !pageOf.has(id))
  if (left.length > 0) problems.push(`on no page: ${left.join(', ')}`)
  return { pageOf, problems }
}

/** A page with its regions filled, and what is wrong with its markers. */
function filled(page, text, pageOf, leaderboard) {
  const fill = {
    row: rowRegion,
    code: codeRegion,
    numbers: ids => numbersRegion(ids, leaderboard),
    catalogue: () => catalogueRegion(pageOf),
  }
  const problems = []
  let found = 0
  const result = text.replace(REGION, (region, kind, argument) => {
    found++
    try {
      return `<!-- ${kind}${argument} -->\n\n${fill[kind](argument.trim())}\n\n<!-- end -->`
    } catch (error) {
      problems.push(`${page}, ${kind}${argument}: ${error.message}`)
      return region
    }
  })
  const starts = text.match(/<!-- (?!end )/g)?.length ?? 0
  const ends = text.match(/<!-- end /g)?.length ?? 0
  if (found !== starts || found !== ends) {
    problems.push(`${page}: ${starts} starts of regions and ${ends} ends, of which ${found} belong together`)
  }
  return { result, problems }
}

const options = process.argv.slice(2)
const check = options.includes('--check')
const folder = options.find(option => option !== '--check') ?? OWN_FOLDER
const names = readdirSync(folder).filter(name => name.endsWith('.md'))
const pages = new Map(names.map(name => [name, readFileSync(join(folder, name), 'utf8')]))
const { pageOf, problems } = pagesOfRows(pages)
for (const [name, text] of pages) {
  const page = filled(name, text, pageOf, join(folder, '..', 'leaderboard.json'))
  problems.push(...page.problems)
  if (page.result === text) continue
  if (check) problems.push(`${name}: out of date; npm run docs`)
  else writeFileSync(join(folder, name), page.result)
}
for (const problem of problems) console.error(`docs: ${problem}`)
if (problems.length > 0) process.exitCode = 1
