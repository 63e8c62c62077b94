import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkGolden } from '../../src/objective/golden-kinds.ts'
import { categoricalRows } from '../../src/objective/rows/categorical.ts'

const FOLDER = new URL('../fixtures/golden-spaces/', import.meta.url)
const files = readdirSync(FOLDER).filter(name => name.endsWith('.json'))
const read = (name: string) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))

test.each(files)('%s matches', name => {
  const { errors, passed } = checkGolden(read(name))
  expect(passed, JSON.stringify(errors)).toBe(true)
})

test.each(files.filter(name => 'expected' in read(name)))('%s of another loss does not', name => {
  const fixture = read(name)
  fixture.expected.loss *= 1 + 1e-8
  expect(checkGolden(fixture).passed).toBe(false)
})

/** Rows of symbols without a fixture, and what they are held to. */
const WITHOUT = {
  'esd-simplex': 'the exact map of finitely many sequences, and its gradient in probabilities',
  ecld: 'its gradient in probabilities',
  'psd-velocity-simplex': 'psd in velocity space',
  'fmlm-residual': 'the exact map of finitely many sequences, and psd',
}

test('fixtures cover every row of symbols, apart from those listed', () => {
  const covered = new Set(files.map(name => read(name).term?.replace('diagonal:', '')))
  const without = categoricalRows.map(({ id }) => id).filter(id => !covered.has(id))
  expect(without).toEqual(Object.keys(WITHOUT))
})

test('operations of another space do not', () => {
  const fixture = read('operations-S2.json')
  fixture.finite.divergence[0] += 1e-6
  expect(checkGolden(fixture)).toMatchObject({ passed: false })
  expect(() => checkGolden({ ...fixture, space: 'K2' })).toThrow('space: expected simplex, or S, T, SO or H')
})

test('a row that is not there is named', () => {
  expect(() => checkGolden({ ...read('rfm-S2.json'), term: 'tvm' })).toThrow(
    /^term: expected one of diagonal:rfm/,
  )
})

test.each([
  ['exact-finite.json', 'psi', (psi: number[][][]) => (psi[0][0][0] += 1e-8)],
  ['exact-markov.json', 'denoised', (denoised: number[][][]) => (denoised[1][2][3] -= 1e-8)],
  ['law-argmax-27.json', 't', (t: number[]) => (t[5] += 2e-4)],
] as const)('%s of another %s does not', (name, field, change) => {
  const fixture = read(name)
  change(fixture[field])
  expect(checkGolden(fixture).passed).toBe(false)
})
