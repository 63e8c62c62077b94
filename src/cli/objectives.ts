import { type Objective, objectives } from '../objective/index.ts'
import { wrap } from '../report/format.ts'
import { findObjective } from '../training/config.ts'
import { measureCost } from '../training/cost.ts'
import { columns, print, printJson } from './terminal.ts'

const machineForm = (objective: Objective) => {
  const { id, name, rule, setting, needs, formula, tex, paper, publishedCost, source } = objective
  return {
    id,
    name,
    rule,
    setting,
    needs,
    formula,
    tex,
    paper,
    publishedCost,
    measuredCost: measureCost(objective),
    source,
  }
}

function detail(objective: Objective): string {
  const {
    name,
    id,
    rule,
    setting,
    formula,
    paper,
    source,
    needs,
    publishedCost,
    whenToUse,
    trouble,
    defaults,
  } = objective
  const lines = [
    `${name} (${id})`,
    '',
    `rule            ${rule}, ${setting}`,
    `formula         ${formula}`,
    `diagonal term   ${objective.diagonal ?? 'none needed'}`,
    `needs           ${needs.join(', ')}`,
    `cost            ${measureCost(objective)} forward passes measured, ${publishedCost ?? 'none'} published`,
    `defaults        ${JSON.stringify(defaults)}`,
    `when to use     ${whenToUse}`,
    `known trouble   ${trouble}`,
    `code            ${source}`,
    `paper           ${paper}`,
  ]
  return lines.join('\n')
}

/** `oxbow objectives`. */
export async function objectivesCommand(id: string | undefined, { json }: { json?: boolean }): Promise<void> {
  if (id !== undefined) {
    const objective = findObjective(id)
    return json ? printJson(machineForm(objective)) : print(detail(objective))
  }
  const rows = [...objectives.values()].map(machineForm)
  if (json) return printJson(rows)
  const { default: Table } = await import('cli-table3')
  if (columns() < 76) {
    const lines = rows.map(row => `${row.id}: ${row.rule}, ${row.setting}, cost ${row.measuredCost}`)
    for (const line of lines.flatMap(line => wrap(line, columns()))) print(line)
    return
  }
  const table = new Table({
    head: ['objective', 'rule', 'setting', 'needs', 'published', 'measured'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'left', 'left', 'right', 'right'],
  })
  for (const row of rows) {
    table.push([
      row.id,
      row.rule,
      row.setting,
      row.needs.join(', '),
      row.publishedCost ?? '-',
      row.measuredCost,
    ])
  }
  print(table.toString())
  print('Costs in forward passes for one sample of each term. "oxbow objectives ID" shows the formula.')
}
