import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkGolden } from '../../src/objective/golden-kinds.ts'

const FOLDER = new URL('../fixtures/golden-likelihood/', import.meta.url)
const load = (file: string) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
/** Terms that are other work's. */
const OTHERS = /^term-denoise/
const files = readdirSync(FOLDER).filter(file => file.startsWith('term-') && !OTHERS.test(file))

describe('golden values of terms of densities', () => {
  test.each(files)('%s', file => {
    const { errors, passed } = checkGolden(load(file))
    expect(passed, JSON.stringify(errors)).toBe(true)
  })

  const isUsed = (file: string, field: string) =>
    field !== 'probe' || load(file).options.divergence !== 'exact'
  const fields = files.flatMap(file =>
    Object.keys(load(file).batch)
      .filter(field => isUsed(file, field))
      .map(field => [file, field]),
  )
  test.each(fields)('%s is missed when %s differs', (file, field) => {
    const fixture = load(file)
    // The first alone: weights know no common shift.
    fixture.batch[field] = fixture.batch[field].map((v: number | number[], i: number) => {
      if (i > 0) return v
      // Of a probe, the signs alone.
      if (field === 'probe') return (v as number[]).map((x, k) => (k === 0 ? -x : x))
      return Array.isArray(v) ? v.map(x => x + 1e-4) : v - 1e-4
    })
    expect(checkGolden(fixture).passed).toBe(false)
  })

  test('a term that there is not is unknown', () => {
    expect(() => checkGolden({ ...load(files[0]), term: 'other' })).toThrow(
      /expected one of denoise, inverse.*found other/,
    )
  })
})
