import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../../src/autodiff/index.ts'
import { type CurvedSpace, curvedSpaces } from '../../../src/model/spaces/table.ts'
import { value, valuesOf } from '../../autodiff/values.ts'

type Rows = readonly (readonly number[])[]
interface Operations {
  readonly space: string
  readonly in: Readonly<Record<'x' | 'y' | 'u' | 'w' | 'ambient' | 'near', Rows>>
  readonly out: Readonly<Record<string, Rows | readonly number[]>>
}

const FOLDER = new URL('../../fixtures/golden-spaces/', import.meta.url)
const fixtures = readdirSync(FOLDER)
  .filter(name => name.startsWith('operations-'))
  .map(name => [name, JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Operations] as const)

const NAMES: Readonly<Record<string, string>> = { S: 'sphere', T: 'torus', SO: 'rotations', H: 'hyperbolic' }
const spaceOf = (code: string): CurvedSpace => curvedSpaces[NAMES[code.replace(/\d+$/, '')]]

const tensorOf = (rows: Rows) => value(rows.flat(), [rows.length, rows[0].length])
const apart = (found: readonly number[], expected: readonly number[]) =>
  Math.max(...found.map((x, i) => Math.abs(x - expected[i])))

describe.each(fixtures)('%s', (_, { space: code, in: given, out }) => {
  const space = spaceOf(code)
  const { geometry } = space
  type Name = keyof typeof given
  const operations: Readonly<Record<string, [inputs: readonly Name[], of: (...at: Tensor[]) => Tensor]>> = {
    tangent: [['x', 'ambient'], geometry.tangent],
    exp: [['x', 'u'], geometry.exp],
    log: [['x', 'y'], geometry.log],
    distance: [['x', 'y'], geometry.distance],
    transport: [['x', 'y', 'w'], geometry.transport],
    hessian: [['x', 'y', 'w'], (x, y, w) => geometry.transverse(x, geometry.log(x, y), w)],
    logNear: [['x', 'near'], geometry.log],
    inner: [['u', 'w'], geometry.inner],
  }

  test.each(Object.keys(operations))('%s', name => {
    const [inputs, of] = operations[name]
    const [found] = valuesOf((...at: Tensor[]) => of(...at), ...inputs.map(input => tensorOf(given[input])))
    expect(apart([...found.data], out[name].flat())).toBeLessThan(1e-11)
  })

  test('base log density', () => {
    const [, dimension] = [given.x.length, given.x[0].length]
    const found = space.noise.logDensity(Float64Array.from(given.x.flat()), dimension)
    expect(apart([...found], out.baseLogDensity.flat())).toBeLessThan(1e-12)
  })
})
