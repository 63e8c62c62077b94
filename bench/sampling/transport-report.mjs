import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const digits = value => (Math.abs(value) < 0.0995 ? value.toPrecision(2) : value.toFixed(3))

/** Mean and largest distance from it over the seeds. */
function spread(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const reach = Math.max(...values.map(value => Math.abs(value - mean)))
  return values.length > 1 ? `${digits(mean)} ± ${digits(reach)}` : digits(mean)
}

const rowsOf = (results, part) => {
  const rows = new Map()
  for (const [key, value] of Object.entries(results)) {
    const [of, row] = key.split('/')
    if (of === part) rows.set(row, [...(rows.get(row) ?? []), value])
  }
  return [...rows]
}

function ringTable(results) {
  const { exact } = results
  const floor = rowsOf(results, 'ring').flatMap(([, seeds]) => seeds.map(({ steps }) => steps[1].energy))
  const lines = [
    '| velocity | straightness | over its cost | transport cost | 1 Euler step | 2 | 4 | ms per step | seeds |',
    '| --- | --- | --- | --- | --- | --- | --- | ---: | ---: |',
    `| exact, before any training | ${digits(exact.straightness.value)} | ${digits(exact.relative.value)} | ${digits(exact.cost.value)} | ${[1, 2, 4].map(steps => digits(exact.steps[steps].energy.value)).join(' | ')} | | |`,
    ...rowsOf(results, 'ring').map(([row, seeds]) => {
      const cells = [
        ...['straightness', 'relative', 'cost'].map(name => spread(seeds.map(seed => seed[name].value))),
        ...[1, 2, 4].map(steps => spread(seeds.map(seed => seed.steps[steps].energy.value))),
      ]
      const times = seeds.map(({ msPerStep }) => msPerStep).filter(value => value !== null)
      return `| ${row} | ${cells.join(' | ')} | ${times.length > 0 ? Math.min(...times).toFixed(1) : ''} | ${seeds.length} |`
    }),
  ]
  const [{ floor: value, high }] = floor
  return `${lines.join('\n')}\n\nSteps are energy distances to the ring (floor ${digits(value)}, to ${digits(high)}).`
}

function moonsTable(results) {
  const rows = rowsOf(results, 'moons')
  const lines = [
    '| trained by | sliced Wasserstein, 1 step | 4 | 16 | straightness over cost | transport cost | seeds |',
    '| --- | --- | --- | --- | --- | --- | ---: |',
    ...rows.map(([row, seeds]) => {
      const cells = [
        ...[1, 4, 16].map(steps => spread(seeds.map(seed => seed.steps[steps].sliced.value))),
        ...['relative', 'cost'].map(name => spread(seeds.map(seed => seed[name].value))),
      ]
      return `| ${row} | ${cells.join(' | ')} | ${seeds.length} |`
    }),
  ]
  const { floor, high } = rows[0][1][0].steps[1].sliced
  return `${lines.join('\n')}\n\nThe floor of the distance, that of ring from ring, is ${digits(floor)} (to ${digits(high)}).`
}

const TABLES = { ring: ringTable, moons: moonsTable }

/** Writes the tables of docs/transport.md between their marks. */
export function writeTransport(root, results) {
  const page = join(root, 'docs', 'transport.md')
  let text = readFileSync(page, 'utf8')
  for (const [name, table] of Object.entries(TABLES)) {
    if (rowsOf(results, name).length === 0) continue
    const [start, end] = [`<!-- ${name} -->`, `<!-- end ${name} -->`]
    const [from, to] = [text.indexOf(start), text.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`${page}: has no place for the table ${name}`)
    text = `${text.slice(0, from + start.length)}\n${table(results)}\n${text.slice(to)}`
  }
  writeFileSync(page, text)
}
