import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkAny } from '../../src/cli/golden/kinds.ts'
import { GRADIENT_TOLERANCE, LOSS_TOLERANCE, UnknownRowError } from '../../src/objective/golden.ts'
import { isSteering } from '../../src/objective/golden-steering.ts'

const OWN = new URL('../fixtures/golden-steering/', import.meta.url)
/** A larger set, where one lies beside the project. */
const BESIDE = new URL('../../../shared/golden-steering/', import.meta.url)

interface Fixture {
  term: string
  options: object
  networks: Record<string, Record<string, number[] | number[][]>>
  batch: Record<string, number[] | number[][]>
  expected: { loss: number; grads: Record<string, Record<string, number[] | number[][]>> }
}

const filesIn = (directory: URL): string[] =>
  existsSync(directory) ? readdirSync(directory).filter(name => name.endsWith('.json')) : []
const load = (name: string, directory = OWN): Fixture =>
  JSON.parse(readFileSync(new URL(name, directory), 'utf8'))
const terms = (directory: URL): string[] =>
  filesIn(directory).filter(name => isSteering(load(name, directory)))

describe('golden values of training terms for steering', () => {
  test.each(terms(OWN))('%s', name => {
    const { errors, passed } = checkAny(load(name))
    expect(errors.loss).toBeLessThan(LOSS_TOLERANCE)
    expect(errors.gradients).toBeLessThan(GRADIENT_TOLERANCE)
    expect(passed).toBe(true)
  })

  test.skipIf(filesIn(BESIDE).length === 0)('of the set beside the project', () => {
    expect(terms(BESIDE).filter(name => !checkAny(load(name, BESIDE)).passed)).toEqual([])
  })

  const files = terms(OWN)
  const networksOf = files.flatMap(name => Object.keys(load(name).networks).map(network => [name, network]))
  test.each(networksOf)('%s is missed when the %s differs', (name, network) => {
    const fixture = load(name)
    const bias = fixture.networks[network]['0.bias'] as number[]
    fixture.networks[network]['0.bias'] = bias.map(v => v + 1e-4)
    expect(checkAny(fixture).passed).toBe(false)
  })

  const fieldsOf = files.flatMap(name => Object.keys(load(name).batch).map(field => [name, field]))
  test.each(fieldsOf)('%s is missed when %s differs', (name, field) => {
    const fixture = load(name)
    fixture.batch[field] = fixture.batch[field].map(v =>
      Array.isArray(v) ? v.map(x => x + 1e-4) : v - 1e-4,
    ) as number[]
    expect(checkAny(fixture).passed).toBe(false)
  })
})

describe('terms that no fixture has', () => {
  /** A fixture as another term, with the loss that it then has. */
  function lossAs(name: string, term: string, options: object, batch: object = {}): number {
    const fixture = load(name)
    const wrong = { ...fixture, term, options, batch: { ...fixture.batch, ...batch } }
    // The error is relative to an expected loss of 1.
    wrong.expected = { ...fixture.expected, loss: 1 }
    return checkAny(wrong).errors.loss
  }

  test('meta:esd-glass is meta:glass where the times are equal, and another term elsewhere', () => {
    const { s } = load('meta-lmd-glass.json').batch
    const glass = lossAs('meta-lmd-glass.json', 'meta:glass', {})
    expect(lossAs('meta-lmd-glass.json', 'meta:esd-glass', {}, { t: s })).toBeCloseTo(glass, 12)
    expect(lossAs('meta-lmd-glass.json', 'meta:lmd-glass', {}, { t: s })).toBeCloseTo(glass, 12)
    expect(Math.abs(lossAs('meta-lmd-glass.json', 'meta:esd-glass', {}) - glass)).toBeGreaterThan(1e-3)
  })

  test('meta:meanflow is meta:flow-matching where the times are equal', () => {
    const { s } = load('meta-psd.json').batch
    const matching = lossAs('meta-psd.json', 'meta:flow-matching', {})
    expect(lossAs('meta-psd.json', 'meta:meanflow', {}, { t: s })).toBeCloseTo(matching, 12)
    expect(Math.abs(lossAs('meta-psd.json', 'meta:meanflow', {}) - matching)).toBeGreaterThan(1e-3)
  })

  test('vfm:joint takes the noise that each sample keeps', () => {
    const { x0, eps, s } = load('meta-flow-matching.json').batch
    const t = (s as number[]).map(time => time / 2)
    const loss = (keep: number[], tau = 1) =>
      lossAs('vfm-adapter.json', 'vfm:joint', { sd: 0.5, tau }, { x0, eps, s, t, keep })
    const bound = lossAs('vfm-adapter.json', 'vfm:adapter', { sd: 0.5 })
    const [fresh, own] = [loss([0, 0, 0, 0]), loss([1, 1, 1, 1])]
    expect(fresh).not.toBeCloseTo(own, 3)
    // Half of the samples of each kind, and the other half, are all of them.
    expect(loss([0, 1, 0, 1]) + loss([1, 0, 1, 0])).toBeCloseTo(fresh + own, 12)
    expect((loss([0, 1, 0, 1], 2) - bound) * 4).toBeCloseTo(loss([0, 1, 0, 1]) - bound, 12)
  })

  const beta = 1.2
  const reward = { kind: 'gaussian', center: [1, 0], scale: 1.5 }
  test('reward-backprop without a leash is minus beta times the reward, and the leash by velocities is its own', () => {
    const { x0, s } = load('meta-flow-matching.json').batch
    const more = { s, noise: x0 }
    const [free, l2, kl] = [{ leash: 0 }, { leash: 0.1 }, { leash: 0.1, by: 'kl' }].map(options =>
      lossAs('reward-backprop.json', 'reward-backprop', { beta, reward, ...options }, more),
    )
    // All are below 1, so that errors are 1 minus them.
    expect(free).toBeGreaterThan(l2)
    expect(free).toBeGreaterThan(kl)
    expect(kl).not.toBeCloseTo(l2, 3)
  })

  test('itm with a center is itm of another reward', () => {
    const loss = (options: object) => lossAs('mfm-ft.json', 'itm', { beta, reward, ...options })
    expect(loss({ center: 0 })).toBeCloseTo(loss({}), 12)
    expect(loss({ center: 0.5 })).not.toBeCloseTo(loss({}), 3)
    expect(loss({ center: true })).not.toBeCloseTo(loss({}), 3)
    expect(loss({ draw: 'posterior' })).not.toBeCloseTo(loss({}), 3)
  })
})

test.each<[string, string, object, RegExp]>([
  ['a part of vfm', 'vfm:xyz', { sd: 1 }, /vfm has no part xyz/],
  ['a row of a stochastic map', 'meta:xyz', {}, /no objective xyz/],
  ['a network', 'meta:lmd', {}, /meta:lmd: the fixture has no teacher/],
])('%s that there is not is unknown', (_, term, options, message) => {
  const fixture = { ...load(term.startsWith('vfm') ? 'vfm-adapter.json' : 'meta-psd.json'), term, options }
  expect(() => checkAny(fixture)).toThrow(UnknownRowError)
  expect(() => checkAny(fixture)).toThrow(message)
})
