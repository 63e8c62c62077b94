import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { likelihoodKinds } from '../../src/cli/golden/likelihood.ts'

const FOLDER = new URL('../fixtures/golden-likelihood/', import.meta.url)
const load = (file: string) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
const files = readdirSync(FOLDER).filter(
  file => file.endsWith('.json') && Object.hasOwn(likelihoodKinds, load(file).kind),
)
const check = (fixture: { kind: string }) => likelihoodKinds[fixture.kind](fixture)

describe('golden values of densities', () => {
  test.each(files)('%s', async file => {
    const { errors, passed } = await check(load(file))
    expect(passed, JSON.stringify(errors)).toBe(true)
  })

  /** Every list of numbers of a fixture, and where it is. */
  function listsIn(value: unknown, path: string[] = []): string[][] {
    if (Array.isArray(value) && value.every(each => typeof each === 'number')) return [path]
    if (typeof value !== 'object' || value === null) return []
    const entries = Object.entries(value)
    // Of rows the first stands for all.
    return (Array.isArray(value) ? entries.slice(0, 1) : entries).flatMap(([key, each]) =>
      listsIn(each, [...path, key]),
    )
  }
  /** Jumps of a mixture are solved anew each time: these stand for the other lists of their fixture. */
  const SLOW = ['instantaneous.noiseVariance', 'instantaneous.x.0', 'jumps.0.logDeterminant']
  const lists = files.flatMap(file =>
    listsIn(load(file)).flatMap(path => {
      const name = path.join('.')
      const isLeft = load(file).kind === 'density' && !SLOW.includes(name)
      return isLeft ? [] : [[file, name, path] as const]
    }),
  )

  test.each(lists)('%s is missed when %s differs', async (file, _, path) => {
    const fixture = load(file)
    const list = path.reduce((at, key) => at[key], fixture)
    list[0] += 1e-4 * Math.max(1, Math.abs(list[0]))
    expect((await check(fixture)).passed).toBe(false)
  })
})
