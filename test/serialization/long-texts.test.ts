import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { largestSymbols } from '../../src/data/text/one-hot.ts'
import { type LoadedMap, load, sampleTexts, type TextOptions, train } from '../../src/index.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { smallText } from '../helpers/small-text.ts'

const folder = temporaryFolder('long-texts')
const at = (...names: string[]) => join(folder, ...names)
const maps: Record<string, LoadedMap> = {}

/** Symbols of a sequence, and of the alphabet. */
const [L, K] = [16, 8]

beforeAll(async () => {
  writeFileSync(at('book.txt'), 'abab\nba'.repeat(60))
  const stream = { text: { path: at('book.txt'), as: 'stream', length: 6 } } as const
  const runs = {
    letters: { data: 'markov', prefix: 0.5 },
    words: { data: 'words', prefix: 0.5 },
    book: { data: stream },
    ring: { data: 'ring', objective: 'lsd', steps: 2 },
  } as const
  for (const [name, own] of Object.entries(runs)) {
    await train({ ...smallText, ...own }, { directory: at(name) })
    maps[name] = await load(at(name))
  }
})
afterAll(async () => {
  for (const map of Object.values(maps)) await map.close()
})

const letters = (options: Partial<TextOptions>) => sampleTexts(maps.letters, { count: 20, ...options })

describe('texts of another length', () => {
  test('are those of a sequence where they are as long, and their beginnings where they are shorter', async () => {
    for (const options of [{}, { steps: 3, seed: 4 }, { decode: 'sample' }, { prefix: 'abc' }] as const) {
      const whole = await letters(options)
      expect(await letters({ ...options, length: L })).toEqual(whole)
      const short = await letters({ ...options, length: 10 })
      expect(short.texts).toEqual(whole.texts.map(text => text.slice(0, 10)))
      expect(short.tokens.length).toBe(20 * 10)
    }
    const { texts } = await sampleTexts(maps.book, { count: 5 })
    expect((await sampleTexts(maps.book, { count: 5, length: 4 })).texts).toEqual(
      texts.map(text => text.slice(0, 4)),
    )
  })

  test('go on block by block, whatever comes later and beside them', async () => {
    for (const options of [{}, { decode: 'sample' }, { steps: 2, method: 'euler' }] as const) {
      const { texts, tokens, points, blocks } = await letters({ ...options, length: 50 })
      expect(blocks).toBe(1 + Math.ceil((50 - L) / (L / 2)))
      expect(texts.map(text => text.slice(0, L))).toEqual((await letters(options)).texts)
      expect(await letters({ ...options, length: 50 })).toEqual({
        ...{ texts, tokens, points, blocks },
        method: 'method' in options ? 'euler' : 'jump',
      })
      expect((await letters({ ...options, length: 71 })).texts.map(text => text.slice(0, 50))).toEqual(texts)
      expect((await letters({ ...options, length: 50, count: 3 })).texts).toEqual(texts.slice(0, 3))
      expect([tokens.length, points.length]).toEqual([20 * 50, 20 * 50 * K])
      if (!('decode' in options)) expect(largestSymbols(points, K)).toEqual(tokens)
      // Each block has noise of its own.
      const pieces = [16, 24, 32].map(from => texts.map(text => text.slice(from, from + 8)).join())
      expect(new Set(pieces).size).toBe(3)
    }
  })

  test('are others with another overlap, from the second block on', async () => {
    const [few, many] = [
      await letters({ length: 40, overlap: 1 }),
      await letters({ length: 40, overlap: L - 1 }),
    ]
    expect([few.blocks, many.blocks]).toEqual([3, 25])
    expect(few.texts.map(text => text.slice(0, L))).toEqual(many.texts.map(text => text.slice(0, L)))
    expect(few.texts).not.toEqual(many.texts)
    const usual = await letters({ length: 40 })
    expect(await letters({ length: 40, overlap: L / 2 })).toEqual(usual)
  })

  test('keep their prefix, also one that is longer than a sequence', async () => {
    for (const prefix of ['abca', 'abcdefgh'.repeat(3)]) {
      const { texts, points, blocks } = await letters({ prefix, length: 40 })
      expect(texts.every(text => text.startsWith(prefix) && text.length === 40)).toBe(true)
      expect([...points.subarray(0, 16)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
      expect(blocks).toBe(prefix.length === 4 ? 4 : 2)
    }
    const beyond = async (prefix: string) =>
      (await letters({ prefix, length: 40 })).texts.map(text => text.slice(24))
    expect(await beyond(`${'a'.repeat(16)}abcdefgh`)).toEqual(await beyond(`${'b'.repeat(16)}abcdefgh`))
    expect(await beyond(`${'a'.repeat(16)}abcdefgh`)).not.toEqual(await beyond(`${'a'.repeat(16)}hgfedcba`))
  })

  test('may be none', async () => {
    expect(await letters({ count: 0, length: 40 })).toMatchObject({ texts: [] })
  })

  test.each<[string, Partial<TextOptions>, string]>([
    ['letters', { length: 0 }, 'length: expected a whole number from 1 to 1073741824, found 0'],
    [
      'letters',
      { length: 2 ** 29 },
      'length: expected at most 6710886 symbols for 20 texts, found 536870912',
    ],
    [
      'letters',
      { length: 40, method: 'heun' },
      'length: more than 16 symbols continue a prefix, which is kept between the steps of jump and euler, found heun',
    ],
    ['letters', { length: 40, overlap: 16 }, 'overlap: expected 1 to 15 symbols, found 16'],
    ['letters', { length: 40, overlap: 0 }, 'overlap: expected 1 to 15 symbols, found 0'],
    ['letters', { length: 40, overlap: 2.5 }, 'overlap: expected 1 to 15 symbols, found 2.5'],
    [
      'letters',
      { length: 16, overlap: 2 },
      'overlap: only applies to texts longer than the 16 symbols of a sequence; set a longer length',
    ],
    [
      'letters',
      { overlap: 2 },
      'overlap: only applies to texts longer than the 16 symbols of a sequence; set a longer length',
    ],
    ['letters', { length: 4, prefix: 'abca' }, 'prefix: expected 1 to 3 symbols, found 4'],
    [
      'words',
      { length: 40 },
      "length: the map learned texts that are complete, not parts of a longer one, so nothing follows them; train with --data '{text: {path: FILE, as: stream, length: 32}}'",
    ],
    [
      'book',
      { length: 40 },
      'length: more than 6 symbols continue a prefix: the map was trained without prefixes; train with --prefix 0.5',
    ],
  ])('of %s with %j are refused in a line', async (name, options, line) => {
    const message = await sampleTexts(maps[name], { count: 20, ...options }).then(
      () => 'drawn',
      (error: Error) => error.message,
    )
    expect(message).toBe(`sampleTexts: ${line}`)
  })
})

describe('oxbow sample --length', () => {
  const run = (name: string, ...options: string[]) => runHere(['sample', at(name), ...options])

  test('writes the same texts, and says of how many blocks they are', async () => {
    const options = ['--length', '40', '--overlap', '4', '--count', '5', '--steps', '2', '--seed', '3']
    const { code, stdout, stderr } = await run('letters', ...options, '--json')
    expect(code, stderr).toBe(0)
    const { texts } = await letters({ length: 40, overlap: 4, count: 5, steps: 2, seed: 3 })
    const found = JSON.parse(stdout)
    expect(found).toMatchObject({ texts, length: 40, blocks: 3, overlap: 4, evaluations: 6 })
    // The chain says of the whole text whether it could be.
    const { isValid } = generatedDataset('markov').language!
    const valid = texts.filter(text => isValid([...text].map(symbol => symbol.charCodeAt(0) - 97)))
    expect(found.validity).toBe(valid.length / 5)
    expect(readdirSync(at('letters', 'samples'))).toContain('steps-2-length-40-overlap-4-seed-3.txt')
    expect((await run('letters', ...options)).stdout).toMatch(/5 texts .*2 jump steps for each of 3 blocks/)
  })

  test('continues texts of an ONNX file as those of its run', async () => {
    const texts = async (name: string) =>
      JSON.parse((await runHere(['sample', name, '--length', '40', '--json'])).stdout).texts
    expect(await texts(at('letters', 'model.onnx'))).toEqual(await texts(at('letters')))
  })

  test.each([
    [
      'words',
      ['--length', '40'],
      `--length: ${at('words')} learned texts that are complete, not parts of a longer one, so nothing follows them; train with --data '{text: {path: FILE, as: stream, length: 32}}'`,
    ],
    [
      'letters',
      ['--overlap', '4'],
      '--overlap: only applies to texts longer than the 16 symbols of a sequence; set a longer length',
    ],
    ['ring', ['--length', '40'], `--length: only applies to text, but ${at('ring')} is a map of points`],
    ['ring', ['--overlap', '4'], `--overlap: only applies to text, but ${at('ring')} is a map of points`],
  ])('of %s with %j is refused in a line', async (name, options, line) => {
    const { code, stderr } = await run(name, ...options)
    expect([code, stderr.trim()]).toEqual([2, `oxbow: ${line}`])
  })
})

describe('data that goes on', () => {
  const chain = (initial: number[]) =>
    generatedDataset({
      markov: {
        symbols: 'ab',
        initial,
        transition: [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
        length: 4,
      },
    })

  test('is a stream, and a chain that may begin with any symbol', async () => {
    expect(maps.book.text).toMatchObject({ stream: true, length: 6 })
    expect(chain([0.5, 0.5]).text!.stream).toBe(true)
    expect(chain([1, 0]).text!.stream).toBeFalsy()
    for (const name of ['words', 'arithmetic', 'grammar'])
      expect(generatedDataset(name).text!.stream).toBeFalsy()
  })
})
