import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { described } from '../../src/metric/map-catalogue.ts'
import { textMetrics } from '../../src/metric/text/catalogue.ts'

/** Rows of the tables: name, unit, range, direction and what follows. */
const rows = new Map(
  [...readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name, rest]) => [
    name,
    rest.split(' | '),
  ]),
)

const ends: Readonly<Record<string, readonly [number, number]>> = {
  '0 to ∞': [0, Infinity],
  '1 to ∞': [1, Infinity],
  '0 to √2': [0, Math.SQRT2],
  '0 to log 2': [0, Math.LN2],
  '0 to 1': [0, 1],
  any: [-Infinity, Infinity],
}

test('every metric is in the tables of docs/metrics.md, and no other', () => {
  expect([...rows.keys()].sort()).toEqual(Object.keys(described).sort())
})

test.each(Object.entries(described))(
  '%s is described as it is',
  (name, { unit, range, direction, limit }) => {
    const [documented, between, better, ...rest] = rows.get(name)!
    expect(documented).toBe(unit)
    expect(ends[between]).toEqual(range)
    expect(better).toBe(direction)
    expect(rest.includes(limit?.toLocaleString('en') ?? 'all')).toBe(true)
  },
)

test.each(Object.entries(textMetrics))('what %s needs is documented', (name, { needs }) => {
  expect(rows.get(name)![3]).toBe(needs[0] ?? 'text')
})
