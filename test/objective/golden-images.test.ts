import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { UnknownRowError } from '../../src/objective/golden.ts'
import { FORWARD_TOLERANCE } from '../../src/objective/golden-forward.ts'
import { checkGolden, goldenKinds } from '../../src/objective/golden-kinds.ts'

const OWN = new URL('../fixtures/golden-images/', import.meta.url)
/** A larger set, where one lies beside the project. */
const BESIDE = new URL('../../../shared/golden-images/', import.meta.url)

type Fixture = { kind: string; network: object; batch: object; expected: Record<string, number[][]> }

const filesIn = (directory: URL): string[] =>
  existsSync(directory) ? readdirSync(directory).filter(name => name.endsWith('.json')) : []
const load = (name: string, directory = OWN): Fixture =>
  JSON.parse(readFileSync(new URL(name, directory), 'utf8'))

describe('golden values of pictures', () => {
  test.each(filesIn(OWN))('%s', name => {
    const { errors, passed } = checkGolden(load(name))
    for (const [what, error] of Object.entries(errors)) expect(error, what).toBeLessThan(1e-9)
    expect(passed).toBe(true)
  })

  test.skipIf(filesIn(BESIDE).length === 0)(
    'of the set beside the project, where their kind is known',
    () => {
      const known = filesIn(BESIDE).filter(name => load(name, BESIDE).kind in goldenKinds)
      expect(known.filter(name => !checkGolden(load(name, BESIDE)).passed)).toEqual([])
    },
  )

  test('are missed when a derivative is off by 2e-9', () => {
    const fixture = load('forward-adaln.json')
    const top = Math.max(...fixture.expected.dV.flat().map(Math.abs))
    fixture.expected.dV[1][3] += 2 * FORWARD_TOLERANCE * top
    const { errors, passed } = checkGolden(fixture)
    expect(errors.V).toBeLessThan(FORWARD_TOLERANCE)
    expect(passed).toBe(false)
  })

  test('of an adapter are missed where its factors are scaled by alpha alone, or by another rank', () => {
    const fixture = load('adapter-meanflow.json') as Fixture & { options: { rank: number; alpha: number } }
    const { rank, alpha, ...rest } = fixture.options
    const scaled = { ...fixture, options: { ...rest, rank, alpha: alpha * rank } }
    const { errors, passed } = checkGolden(scaled)
    expect(passed).toBe(false)
    for (const error of Object.values(errors)) expect(error).toBeGreaterThan(1e-3)
  })

  test.each([
    ['forward-adaln.json', { position: 'none' }],
    ['forward-adaln.json', { times: 's,s-t' }],
    ['forward-decoupled.json', { split: 2 }],
    ['forward-tokens.json', { position: 'rotary2d' }],
    ['forward-tokens.json', { scale: 'inverse' }],
  ])('of %s are missed by %o', (name, change) => {
    const fixture = load(name)
    expect(checkGolden({ ...fixture, network: { ...fixture.network, ...change } }).passed).toBe(false)
  })
})

test('a kind that nobody knows is said so', () => {
  const fixture = { ...load('forward-adaln.json'), kind: 'other' }
  expect(() => checkGolden(fixture)).toThrow(UnknownRowError)
  expect(() => checkGolden(fixture)).toThrow(/kind: expected one of points, forward.*; found other/)
})

test('an option that nobody knows is no fixture', () => {
  const fixture = load('forward-adaln.json')
  expect(() => checkGolden({ ...fixture, network: { ...fixture.network, window: 2 } })).toThrow(/window/)
})

test('what a network does not have cannot be expected of it', () => {
  const fixture = load('forward-adaln.json')
  expect(() => checkGolden({ ...fixture, expected: { ...fixture.expected, Vv: [[0]] } })).toThrow(
    /expects Vv/,
  )
})
