import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkAny, knownKinds } from '../../src/cli/golden/kinds.ts'
import { UnknownRowError } from '../../src/objective/golden.ts'
import { FORWARD_TOLERANCE } from '../../src/objective/golden-forward.ts'

const OWN = new URL('../fixtures/golden-images/', import.meta.url)
/** A larger set, where one lies beside the project. */
const BESIDE = new URL('../../../shared/golden-images/', import.meta.url)

type Rows = number[][]
type Fixture = {
  kind: string
  options: Record<string, unknown>
  network: object
  networks: Record<string, Record<string, number[] | Rows>>
  batch: Record<string, number[]>
  expected: Record<string, Rows>
}

const filesIn = (directory: URL): string[] =>
  existsSync(directory) ? readdirSync(directory).filter(name => name.endsWith('.json')) : []
const load = (name: string, directory = OWN): Fixture =>
  JSON.parse(readFileSync(new URL(name, directory), 'utf8'))

describe('golden values of pictures', () => {
  test.each(filesIn(OWN))('%s', name => {
    const { errors, passed } = checkAny(load(name))
    for (const [what, error] of Object.entries(errors)) expect(error, what).toBeLessThan(1e-9)
    expect(passed).toBe(true)
  })

  test.skipIf(filesIn(BESIDE).length === 0)(
    'of the set beside the project, where their kind is known',
    () => {
      const known = filesIn(BESIDE).filter(name => knownKinds.includes(load(name, BESIDE).kind))
      expect(known.filter(name => !checkAny(load(name, BESIDE)).passed)).toEqual([])
    },
  )

  test('are missed when a derivative is off by 2e-9', () => {
    const fixture = load('forward-adaln.json')
    const top = Math.max(...fixture.expected.dV.flat().map(Math.abs))
    fixture.expected.dV[1][3] += 2 * FORWARD_TOLERANCE * top
    const { errors, passed } = checkAny(fixture)
    expect(errors.V).toBeLessThan(FORWARD_TOLERANCE)
    expect(passed).toBe(false)
  })

  test('of an adapter are missed where its factors are scaled by alpha alone, or by another rank', () => {
    const fixture = load('adapter-meanflow.json') as Fixture & { options: { rank: number; alpha: number } }
    const { rank, alpha, ...rest } = fixture.options
    const scaled = { ...fixture, options: { ...rest, rank, alpha: alpha * rank } }
    const { errors, passed } = checkAny(scaled)
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
    expect(checkAny({ ...fixture, network: { ...fixture.network, ...change } }).passed).toBe(false)
  })
})

describe('objectives under guidance', () => {
  const changed = (name: string, change: (fixture: Fixture) => object) => {
    const fixture = load(name)
    return checkAny({ ...fixture, ...change(fixture) })
  }

  test.each<[what: string, name: string, change: (fixture: Fixture) => Partial<Fixture>]>([
    ['kappa has the other sign', 'meanflow-guided.json', () => ({ options: { omega: 1.2, kappa: -0.5 } })],
    [
      'guidance begins later',
      'meanflow-guided.json',
      ({ options }) => ({ options: { ...options, interval: [0.65, 0.9] } }),
    ],
    ['there is no guidance', 'meanflow-guided.json', () => ({ options: {} })],
    ['guidance acts at all times', 'guided-distillation.json', () => ({ options: {} })],
    [
      'times are exchanged, so that an interval is of the target times',
      'guided-distillation.json',
      ({ batch }) => ({ batch: { ...batch, s: batch.t, t: batch.s } }),
    ],
    ['a label is not dropped', 'gft.json', ({ batch }) => ({ batch: { ...batch, label: [2, 2, 2, 1] } })],
    ['scales are one more', 'gft.json', ({ batch }) => ({ batch: { ...batch, w: batch.w.map(w => w + 1) } })],
    [
      'the anchor is at the target time',
      'tvm-anchor.json',
      ({ batch }) => ({ batch: { ...batch, r: batch.t } }),
    ],
    [
      'the averaged parameters are not used',
      'tvm-anchor.json',
      ({ networks }) => ({ networks: { ...networks, target: networks.student } }),
    ],
    ['classes are exchanged', 'psd.json', ({ batch }) => ({ batch: { ...batch, label: [1, 0, 0, 3] } })],
    [
      'the scale is one more',
      'field-two-classes.json',
      ({ options }) => ({ options: { ...options, w: 3.5 } }),
    ],
    [
      'classes are exchanged',
      'field-two-classes.json',
      ({ batch }) => ({ batch: { ...batch, c: batch.c.map(c => -c) } }),
    ],
    [
      'the weak model is the other',
      'field-autoguidance.json',
      ({ options }) => ({ options: { ...options, sigma: 0.7, weak: 0.5 } }),
    ],
  ])('are missed when %s (%s)', (_, name, change) => {
    expect(changed(name, change).passed).toBe(false)
  })

  test.each(['gft.json', 'guided-distillation.json'])('dropped samples do not see their scale: %s', name => {
    expect(load(name).batch.label[3]).toBe(3)
    const other = ({ batch }: Fixture) => ({ batch: { ...batch, w: [...batch.w.slice(0, 3), 7] } })
    expect(changed(name, other).passed).toBe(true)
  })

  test("a rule of MeanFlow takes the student's own velocity, whatever is averaged", () => {
    const moved = ({ networks: { student } }: Fixture) => ({
      networks: { student, target: { ...student, 'final.out.bias': [1, 2, 3, 4] } },
    })
    expect(changed('meanflow-guided.json', moved).passed).toBe(true)
  })

  test.each([
    ['lsd', 'tvm-anchor.json'],
    ['tvm:terminal', 'tvm-anchor.json'],
    ['imf', 'meanflow-guided.json'],
    ['dmf', 'meanflow-guided.json'],
    ['ayf-emd', 'guided-distillation.json'],
  ])('%s is computed, and is not what %s has', (term, name) => {
    const { errors, passed } = changed(name, ({ options: { kappa: _, ...options } }) => ({ term, options }))
    expect(Object.values(errors).every(Number.isFinite)).toBe(true)
    expect(passed).toBe(false)
  })

  test('the guided jump is not guidance of jumps', () => {
    const swap = ({ expected }: Fixture) => ({ expected: { ...expected, jump: expected.wrongGuidedJump } })
    const { errors, passed } = changed('field-two-classes.json', swap)
    expect(errors.jump).toBeGreaterThan(0.05)
    expect(passed).toBe(false)
  })

  test('a field that nobody knows is said so', () => {
    const fixture = load('field-autoguidance.json')
    const unknown = { ...fixture, options: { w: 2, lambda: 1 } }
    expect(() => checkAny(unknown)).toThrow(UnknownRowError)
    expect(() => checkAny(unknown)).toThrow(
      /autoguidance: expected w, and a, sigma .*; found w, lambda, x, s, t/,
    )
    expect(() => checkAny({ ...fixture, expected: { other: [[1]] } })).toThrow(/expects other/)
  })
})

test('a kind that nobody knows is said so', () => {
  const fixture = { ...load('forward-adaln.json'), kind: 'other' }
  expect(() => checkAny(fixture)).toThrow(UnknownRowError)
  expect(() => checkAny(fixture)).toThrow(/kind: expected one of points, forward.*; found other/)
})

test('an option that nobody knows is no fixture', () => {
  const fixture = load('forward-adaln.json')
  expect(() => checkAny({ ...fixture, network: { ...fixture.network, window: 2 } })).toThrow(/window/)
})

test('what a network does not have cannot be expected of it', () => {
  const fixture = load('forward-adaln.json')
  expect(() => checkAny({ ...fixture, expected: { ...fixture.expected, Vv: [[0]] } })).toThrow(/expects Vv/)
})
