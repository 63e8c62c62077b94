import { findObjective } from '../config/index.ts'
import { playersOfRow } from '../config/round.ts'
import { spaceOf, spaces } from '../model/index.ts'
import { type Objective, objectives, otherNames, traitsOf } from '../objective/index.ts'
import { wrap } from '../report/format.ts'
import { measureCost, turnCosts } from '../training/cost.ts'
import { columns, print, printJson } from './terminal.ts'

/** The options of an objective with their defaults. */
const optionsOf = ({ options }: Objective): Readonly<Record<string, unknown>> =>
  options.parse({}) as Record<string, unknown>

/** Where the formula holds: in flat space, in curved ones too under its default options, or for sequences of symbols alone. */
function spacesOf(objective: Objective): string[] {
  if (objective.parameterization === 'simplex') return ['simplex']
  const isCurved = traitsOf(objective, optionsOf(objective)).curved === true
  return isCurved ? ['flat', ...curvedNames] : ['flat']
}

const curvedNames = Object.keys(spaces).filter(space => spaceOf({ space }).isCurved)

/** The same in a word. */
function pointsOf(objective: Objective): string {
  const found = spacesOf(objective)
  return found.includes('simplex') ? 'symbols' : found.length > 1 ? 'flat, curved' : 'flat'
}

const machineForm = (objective: Objective) => {
  const { id, name, rule, setting, parameterization, jumps, needs, formula, tex, paper } = objective
  const { diagonal, publishedCost, costNote = null, source, code } = objective
  return {
    id,
    names: otherNames(id),
    name,
    rule,
    setting,
    parameterization,
    spaces: spacesOf(objective),
    jumps,
    needs,
    diagonal,
    formula,
    tex,
    options: optionsOf(objective),
    paper,
    publishedCost,
    measuredCost: measureCost(objective),
    costNote,
    players: playersOf(objective),
    keepsTrajectories: keepsTrajectories(objective),
    source,
    code,
  }
}

const JUMPS: Readonly<Record<Objective['jumps'], string>> = {
  any: 'from any time to any smaller one',
  'to-data': 'from any time to the data (t = 0)',
  'from-noise': 'from pure noise (s = 1) to any time',
  'both-ways': 'between any two times, also towards noise',
}

function costLine(objective: Objective): string {
  const { publishedCost, costNote } = objective
  const turns = objective.turns?.(defaultsOf(objective)) ?? []
  const round = turns.length > 1 ? ' a round' : ''
  const measured = `${measureCost(objective)} forward passes${round} measured`
  if (publishedCost === null) return `${measured}, none published`
  return `${measured}, ${publishedCost} published${costNote ? ` (which ${costNote})` : ''}`
}

const defaultsOf = (objective: Objective) => objective.options.parse({}) as never

/** A row that keeps no trajectories and jumps from noise makes one jump alone. */
const jumpsLine = ({ jumps, keepsTrajectories }: Objective): string =>
  jumps === 'from-noise' && keepsTrajectories === false ? 'one, from noise to data' : JUMPS[jumps]

/** The networks that train. */
const playersOf = (objective: Objective): string[] => [
  'map',
  ...playersOfRow(objective, defaultsOf(objective)).map(({ name }) => name),
]
const playersLine = (objective: Objective): string => playersOf(objective).join(', ')

/** Who takes a turn in a round, and how often. */
function turnsLine(objective: Objective): string {
  const turns = turnsOf(objective)
  if (turns.length < 2) return `one, of ${playersLine(objective)}`
  return turns
    .map(({ trains, times, cost }) => {
      const often = times > 1 ? `${times} times, ` : ''
      return `${trains.join(' and ')} (${often}${cost} passes${times > 1 ? ' each' : ''})`
    })
    .join(', then ')
}

/** The turns of a round, each with what it costs in forward passes. */
function turnsOf(objective: Objective) {
  const costs = turnCosts(objective)
  const turns = objective.turns?.(defaultsOf(objective)) ?? []
  return turns.map(({ trains, times = 1 }) => ({ trains, times, cost: costs[trains.join(' and ')] ?? null }))
}

const keepsTrajectories = ({ keepsTrajectories = true }: Objective): boolean => keepsTrajectories

/** What its points are, and what it is called where they are curved. */
function pointsLine(objective: Objective): string {
  if (pointsOf(objective) === 'symbols') return 'sequences of symbols, by their logits'
  const [flat, ...curved] = spacesOf(objective)
  const names = otherNames(objective.id)
  const called = names.length > 0 ? `, where it is called ${names.join(', ')}` : ''
  return curved.length > 0 ? `${flat}; also ${curved.join(', ')}${called}` : flat
}

function detail(objective: Objective): string {
  const { name, id, rule, setting, formula, tex, paper, source, code, needs, diagonal, defaults } = objective
  const options = Object.entries(optionsOf(objective)).map(
    ([key, value]) => `${key} ${JSON.stringify(value)}`,
  )
  const lines: [string, string][] = [
    ['rule', `${rule}, ${setting}`],
    ['formula', formula],
    ['tex', tex],
    ['diagonal term', diagonal ?? 'none needed'],
    ['needs', needs.join(', ')],
    ['points', pointsLine(objective)],
    ['jumps', jumpsLine(objective)],
    ['output', `${objective.parameterization} in the paper`],
    ['players', playersLine(objective)],
    ['turns', turnsLine(objective)],
    [
      'keeps',
      objective.keepsTrajectories === false
        ? 'what comes out alone; no inversion, likelihood or trajectory error'
        : 'trajectories',
    ],
    ['cost', costLine(objective)],
    ['options', options.join(', ') || 'none'],
    ['defaults', JSON.stringify(defaults)],
    ['when to use', objective.whenToUse],
    ['known trouble', objective.trouble],
    ['code', `${code.join(', ')} in ${source}`],
    ['paper', paper],
  ]
  return [`${name} (${id})`, '', ...lines.map(([key, value]) => key.padEnd(16) + value)].join('\n')
}

/** `oxbow objectives`. */
export async function objectivesCommand(id: string | undefined, { json }: { json?: boolean }): Promise<void> {
  if (id !== undefined) {
    const objective = findObjective(id)
    return json
      ? printJson({ ...machineForm(objective), turns: turnsOf(objective) })
      : print(detail(objective))
  }
  const all = [...objectives.values()]
  if (json) return printJson(all.map(machineForm))
  const rows = all.map(row => ({ ...machineForm(row), points: pointsOf(row) }))
  const { default: Table } = await import('cli-table3')
  if (columns() < 76) {
    const lines = rows.map(
      row => `${row.id}: ${row.rule}, ${row.setting}, ${row.points}, cost ${row.measuredCost}`,
    )
    for (const line of lines.flatMap(line => wrap(line, columns()))) print(line)
    return
  }
  const table = new Table({
    head: ['objective', 'rule', 'setting', 'points', 'needs', 'published', 'measured'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'left', 'left', 'left', 'right', 'right'],
  })
  for (const row of rows) {
    table.push([
      row.id,
      row.rule,
      row.setting,
      row.points,
      row.needs.join(', '),
      row.publishedCost ?? '-',
      row.measuredCost,
    ])
  }
  print(table.toString())
  print(
    'Costs in forward passes for one sample of each term. Points are numbers (flat), symbols, or of a curved space. "oxbow objectives ID" shows the formula.',
  )
}
