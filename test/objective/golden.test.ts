import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  checkFixture,
  type Fixture,
  GRADIENT_TOLERANCE,
  LOSS_TOLERANCE,
  parseFixture,
  UnknownRowError,
} from '../../src/objective/golden.ts'
import { adaptive, type Draw, type Loss, objectives, squaredError } from '../../src/objective/index.ts'
import { wrongFormulas, wrongGradients } from './mutants.ts'

const OWN = new URL('../fixtures/golden/', import.meta.url)
/** A larger set, where one lies beside the project. */
const BESIDE = new URL('../../../shared/golden/', import.meta.url)

const filesIn = (directory: URL): string[] =>
  existsSync(directory) ? readdirSync(directory).filter(name => name.endsWith('.json')) : []
const load = (name: string, directory = OWN): Fixture =>
  parseFixture(JSON.parse(readFileSync(new URL(name, directory), 'utf8')))

test('the tolerances are what the README says', () => {
  expect([LOSS_TOLERANCE, GRADIENT_TOLERANCE]).toEqual([1e-9, 1e-7])
})

describe('golden values', () => {
  test.each(filesIn(OWN))('%s', name => {
    const result = checkFixture(load(name))
    expect(result.lossError).toBeLessThan(LOSS_TOLERANCE)
    expect(result.gradientError).toBeLessThan(GRADIENT_TOLERANCE)
    expect(result.passed).toBe(true)
  })

  test('cover every formula of the catalogue, apart from those listed', () => {
    const without = ['semigroup'] // the sum of psd and teacher-velocity
    const covered = new Set(filesIn(OWN).map(name => load(name).term.replace('diagonal:', '')))
    expect([...objectives.keys()].filter(id => !covered.has(id))).toEqual(without)
  })

  test.skipIf(filesIn(BESIDE).length === 0)('of the set beside the project, for every known row', () => {
    const results = filesIn(BESIDE).map(name => {
      try {
        return { name, passed: checkFixture(load(name, BESIDE)).passed }
      } catch (error) {
        if (error instanceof UnknownRowError) return { name, passed: undefined }
        throw error
      }
    })
    expect(results.filter(({ passed }) => passed === false)).toEqual([])
    expect(results.filter(({ passed }) => passed).length).toBeGreaterThanOrEqual(filesIn(OWN).length)
  })
})

describe('a fixture is missed', () => {
  const fixture = load('lsd.json')
  const withExpected = (change: Partial<Fixture['expected']>): Fixture => ({
    ...fixture,
    expected: { ...fixture.expected, ...change },
  })
  const grads = fixture.expected.grads

  test('when its loss is off by 1e-8', () => {
    expect(checkFixture(withExpected({ loss: fixture.expected.loss * (1 + 1e-8) })).passed).toBe(false)
  })

  test('when a single gradient is off by 1e-6', () => {
    const bias = grads['1.bias'] as number[]
    const top = Math.max(...bias.map(Math.abs))
    const off = bias.map((v, i) => (i === 3 ? v + 1e-6 * top : v))
    const result = checkFixture(withExpected({ grads: { ...grads, '1.bias': off } }))
    expect(result.lossError).toBeLessThan(LOSS_TOLERANCE)
    expect(result.passed).toBe(false)
  })

  test('when a gradient is not a number', () => {
    const result = checkFixture(withExpected({ grads: { ...grads, '2.bias': [Number.NaN, 0] } }))
    expect(result.passed).toBe(false)
  })

  test.each(['s', 't', 'eps'])('when %s differs', name => {
    const moved = {
      ...fixture.batch,
      [name]: fixture.batch[name].map((v: number | number[]) =>
        Array.isArray(v) ? v.map(x => x + 1e-4) : v - 1e-4,
      ),
    }
    expect(checkFixture({ ...fixture, batch: moved as Fixture['batch'] }).passed).toBe(false)
  })

  test.each(['student', 'target'])('when the %s differs', name => {
    const bias = fixture.networks[name]['0.bias'] as number[]
    const moved = { ...fixture.networks[name], '0.bias': bias.map(v => v + 1e-4) }
    expect(checkFixture({ ...fixture, networks: { ...fixture.networks, [name]: moved } }).passed).toBe(false)
  })
})

describe('a fixture is unknown', () => {
  const fixture = load('esd-spatial.json')
  test.each<[string, Partial<Fixture>, RegExp]>([
    ['a row', { term: 'xyz' }, /no objective xyz/],
    ['a diagonal term', { term: 'diagonal:xyz' }, /no diagonal term xyz/],
    [
      'a diagonal term in place of a consistency term',
      { term: 'flow-matching' },
      /no objective flow-matching/,
    ],
    ['an option', { options: { spatialGradient: true, extra: 1 } }, /esd: .*extra/],
    ['a value of an option', { options: { spatialGradient: 'yes' } }, /esd: .*boolean/],
    ['a missing network', { term: 'emd', options: {} }, /emd: the fixture has no teacher/],
  ])('%s', (_, change, message) => {
    const run = () => checkFixture({ ...fixture, ...change })
    expect(run).toThrow(UnknownRowError)
    expect(run).toThrow(message)
  })

  test('what is no fixture is refused', () => {
    expect(() => parseFixture({ ...fixture, expected: { loss: 'x' } })).toThrow(/loss/)
    expect(() => parseFixture([])).toThrow()
  })
})

describe('a wrong formula is missed', () => {
  afterEach(() => vi.restoreAllMocks())

  const get = objectives.get.bind(objectives)

  /** Checks a fixture with another formula in the place of its row's. */
  function checkWith(loss: Loss, file: string) {
    vi.spyOn(objectives as Map<string, unknown>, 'get').mockImplementation(id => ({
      ...get(id)!,
      loss: () => loss,
    }))
    return checkFixture(load(file))
  }

  const FILES: Record<string, string> = {
    psd: 'psd-map.json',
    'psd velocity': 'psd-velocity.json',
    esd: 'esd-spatial.json',
  }
  const fileOf = (id: string) => FILES[id] ?? `${id}.json`

  const formulas = Object.entries(wrongFormulas)
    .filter(([id]) => !(id in { 'flow-matching': 1, 'teacher-velocity': 1 }))
    .flatMap(([id, list]) => Object.entries(list).map(([mistake, loss]) => ({ id, mistake, loss })))

  test.each(formulas)('$id: $mistake', ({ id, loss }) => {
    const { lossError, passed } = checkWith(loss, fileOf(id))
    expect(lossError).toBeGreaterThan(1e-3)
    expect(passed).toBe(false)
  })

  // Where the target has parameters of its own, a forgotten stop cannot be seen here; gradients.test.ts sees it.
  test.each(['lsd', 'lmd', 'emd', 'meanflow'])('%s: a stop in the wrong place', id => {
    const { lossError, gradientError } = checkWith(wrongGradients[id], fileOf(id))
    expect(lossError).toBeLessThan(1e-9)
    expect(gradientError).toBeGreaterThan(1e-3)
  })

  test('meanflow: an adaptive weight that is differentiated', () => {
    const right = objectives.get('meanflow')!.loss!({})
    const free = (draw: Draw) =>
      right({
        ...draw,
        error: (a, b) => squaredError(a, b).mul(squaredError(a, b).add(1e-3).pow(-1)),
      })
    const stopped = (draw: Draw) => right({ ...draw, error: adaptive(squaredError, 1, 1e-3) })
    expect(checkWith(free, 'meanflow-adaptive.json').passed).toBe(false)
    expect(checkWith(stopped, 'meanflow-adaptive.json').passed).toBe(true)
  })

  test('and the right one is not', () => {
    expect(checkWith(objectives.get('lsd')!.loss!({}), 'lsd.json').passed).toBe(true)
  })
})
