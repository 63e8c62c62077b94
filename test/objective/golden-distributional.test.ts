import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkGolden } from '../../src/objective/golden-kinds.ts'

const FOLDER = new URL('../fixtures/golden-distributional/', import.meta.url)
const load = (file: string) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
const files = readdirSync(FOLDER).filter(file => file.endsWith('.json'))

describe('golden values of rows that match distributions', () => {
  test.each(files)('%s', file => {
    const { errors, passed } = checkGolden(load(file))
    expect(passed, JSON.stringify(errors)).toBe(true)
  })

  /** What a formula does not look at. */
  const UNUSED: Readonly<Record<string, readonly string[]>> = {
    'gan:generator': ['x0', 'noise2', 'r2'],
  }
  const fields = files.flatMap(file => {
    const { term, batch } = load(file)
    return Object.keys(batch).flatMap(field => (UNUSED[term]?.includes(field) ? [] : [[file, field]]))
  })
  test.each(fields)('%s is missed when %s differs', (file, field) => {
    const fixture = load(file)
    fixture.batch[field] = fixture.batch[field].map((v: number | number[], i: number) => {
      if (i > 0) return v
      return Array.isArray(v) ? v.map((x, k) => x + 1e-4 * (k + 1)) : v - 1e-4
    })
    expect(checkGolden(fixture).passed).toBe(false)
  })
})
