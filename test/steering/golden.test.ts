import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkCase } from '../../src/cli/golden/steering.ts'

const FOLDER = new URL('../fixtures/golden-steering/', import.meta.url)
const load = (file: string) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))
const files = readdirSync(FOLDER).filter(file => file.endsWith('.json') && Object.hasOwn(load(file), 'case'))

describe('algorithms of steering give the numbers of the fixtures', () => {
  test.each(files)('%s', async file => {
    const { errors, passed } = await checkCase(load(file))
    expect(passed, JSON.stringify(errors)).toBe(true)
  })
})

test('another number is seen', async () => {
  const fixture = load('bridge.json')
  fixture.expected['1.0'][0][0] += 1e-6
  expect((await checkCase(fixture)).passed).toBe(false)
})

test('an unknown case is named with those that are known', async () => {
  await expect(checkCase({ case: 'other', input: {}, expected: {} })).rejects.toThrow(
    /expected one of exact-tilt.*found other/,
  )
})
