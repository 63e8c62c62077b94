import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import type { Find } from './job.ts'
import { fuzz, targetNames } from './run.ts'
import { sharesOf } from './shares.ts'

const INPUTS = 100_000
const SEED = 1

const folder = temporaryFolder('fuzz-test')
const fixtures = resolve('test/fixtures/fuzz')

/** What was found, so that it can be made again. */
const told = (target: string, finds: readonly Find[]): string[] =>
  finds
    .slice(0, 5)
    .map(
      ({ kind, place, text, input }) =>
        `${target}: ${kind} at input ${place} of seed ${SEED}: ${text}\ninput: ${Buffer.from(input).toString('base64').slice(0, 4000)}`,
    )

describe('the fuzzer', () => {
  test('finds whatever breaks a promise, and goes on behind it', { timeout: 180_000 }, async () => {
    const words = ['fine', 'error', 'escape', 'memory', 'fine', 'hang', 'crash', 'pollution', 'fine']
    const files = words.map((word, i) => {
      const file = join(folder, `${i}`)
      writeFileSync(file, word)
      return file
    })
    const { done, finds } = await fuzz({ target: '../broken', seed: SEED, from: 0, to: files.length, files })
    const told = finds.map(find => [find.kind, find.place, new TextDecoder().decode(find.input)])
    expect(told).toEqual(words.flatMap((word, i) => (word === 'fine' ? [] : [[word, i, word]])))
    // Of the process that did not end, the last one.
    expect(done.read).toBe(1)
  })

  test('makes the same inputs of a seed again', async () => {
    const one = () => fuzz({ target: 'safetensors', seed: 5, from: 0, to: 300 })
    const [a, b] = [await one(), await one()]
    const { slowest: _, memory: __, ...first } = a.done
    expect(b.done).toMatchObject(first)
    expect(first.refused).toBeGreaterThan(0)
    expect(first.blocks).toBeGreaterThan(10)
  }, 120_000)
})

const known = existsSync(fixtures) ? readdirSync(fixtures) : []
test.each(known)(
  '%s: what once broke a promise no longer does',
  async target => {
    const files = readdirSync(join(fixtures, target)).map(name => join(fixtures, target, name))
    const { finds } = await fuzz({ target, seed: SEED, from: 0, to: files.length, files })
    expect(told(target, finds)).toEqual([])
  },
  120_000,
)

long(
  `${INPUTS} inputs break no promise`,
  async () => {
    const found: string[] = []
    for (const [target, count] of await sharesOf(targetNames(), INPUTS)) {
      const { finds, done } = await fuzz({ target, seed: SEED, from: 0, to: count })
      found.push(...told(target, finds))
      expect(done.read + done.refused + finds.length, target).toBeGreaterThanOrEqual(count)
    }
    expect(found).toEqual([])
  },
  30 * 60_000,
)
