import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decodeText,
  drawNoise,
  type LoadedMap,
  load,
  sample,
  sampleTexts,
  type TextOptions,
  train,
  uniformGrid,
} from '../../src/index.ts'
import { interpolants } from '../../src/model/index.ts'
import { usualGrid } from '../../src/sampler/named-grids.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { smallText } from '../helpers/small-text.ts'

const folder = temporaryFolder('texts')
const at = (...names: string[]) => join(folder, ...names)
let words: LoadedMap
let grammar: LoadedMap
let points: LoadedMap

beforeAll(async () => {
  await train({ ...smallText, data: 'words', prefix: 0.5 }, { directory: at('words') })
  await train({ ...smallText, data: 'grammar', times: { law: 'argmax' } }, { directory: at('grammar') })
  await train({ ...smallText, objective: 'lsd', data: 'ring', steps: 2 }, { directory: at('ring') })
  ;[words, grammar, points] = [await load(at('words')), await load(at('grammar')), await load(at('ring'))]
})
afterAll(async () => {
  for (const map of [words, grammar, points]) await map?.close()
})

/** Texts of the command. */
async function texts(name: string, ...options: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runHere(['sample', at(name), '--count', '20', '--json', ...options])
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout).texts
}

describe('texts from code', () => {
  test.each<[string, TextOptions, string[]]>([
    ['grammar', { count: 20 }, []],
    ['grammar', { count: 20, steps: 4, seed: 3 }, ['--steps', '4', '--seed', '3']],
    ['grammar', { count: 20, grid: [1, 0.4, 0] }, ['--grid', '1,0.4,0']],
    ['grammar', { count: 20, steps: 3, method: 'euler' }, ['--steps', '3', '--method', 'euler']],
    ['words', { count: 20, decode: 'sample', seed: 5 }, ['--decode', 'sample', '--seed', '5']],
    ['words', { count: 20, prefix: 'ab', steps: 3 }, ['--prefix', 'ab', '--steps', '3']],
  ])('of %s with %j are those of the command', async (name, options, flags) => {
    const found = await sampleTexts(name === 'words' ? words : grammar, options)
    expect(found.texts).toEqual(await texts(name, ...flags))
    expect(new Set(found.texts).size).toBeGreaterThan(1)
  })

  test('are decoded from points that come along, of jumps spread as the map was trained', async () => {
    const { shape, dimension, decided } = grammar
    const grid = usualGrid({ method: 'jump' }, interpolants.linear, 3, decided)
    expect(grid).not.toEqual(uniformGrid(3))
    const found = await sampleTexts(grammar, { count: 7, steps: 3, seed: 2 })
    const { points } = await sample(grammar, drawNoise(7, dimension, 2), { grid })
    expect([...found.points]).toEqual([...points])
    expect(found.method).toBe('jump')
    expect(decodeText(points, grammar.text!)).toEqual(found.texts)
    const { alphabet, end } = grammar.text!
    found.texts.forEach((text, i) => {
      const symbols = [...found.tokens.subarray(i * shape[0], (i + 1) * shape[0])].map(k => alphabet[k])
      expect(symbols.join('').split(end!)[0]).toBe(text)
    })
  })

  test('keep their prefix, and its place decides the rest', async () => {
    const { texts, points } = await sampleTexts(words, { count: 30, prefix: 'fa', steps: 2 })
    expect(texts.every(text => text.startsWith('fa'))).toBe(true)
    // One-hot, and not only the largest.
    expect([...points.subarray(0, 12)]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0])
    // The first jump of a prefix sees it already.
    const rest = async (options: Partial<TextOptions>) =>
      (await sampleTexts(words, { count: 30, ...options })).texts.map(text => text.slice(2))
    expect(await rest({ prefix: 'fa' })).not.toEqual(await rest({}))
  })

  test('have each symbol as often as it is likely, where symbols are drawn', async () => {
    const [drawn, likely] = [
      await sampleTexts(words, { count: 2000, decode: 'sample' }),
      await sampleTexts(words, { count: 2000 }),
    ]
    expect(drawn.points).toEqual(likely.points)
    expect(drawn.texts).not.toEqual(likely.texts)
    for (const symbol of [0, 3, 5]) {
      const share = drawn.tokens.filter(token => token === symbol).length / drawn.tokens.length
      const odds = drawn.points.filter((_, i) => i % 6 === symbol)
      expect(share).toBeCloseTo(odds.reduce((a, b) => a + b) / odds.length, 1.5)
    }
  })

  test('may be none', async () => {
    expect(await sampleTexts(words, { count: 0 })).toMatchObject({ texts: [] })
    expect(decodeText(new Float32Array(), words.text!)).toEqual([])
  })

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['words', {}, 'sampleTexts: count: expected a whole number from 0 to 44739242, found nothing'],
    ['words', { count: 1, seed: 0.5 }, 'sampleTexts: seed: expected a whole number, found 0.5'],
    ['words', { count: 1, decode: 'best' }, 'sampleTexts: decode: expected argmax or sample, found "best"'],
    [
      'words',
      { count: 1, steps: 2, grid: [1, 0] },
      'sampleTexts: steps: leave it out beside a grid, which has its own',
    ],
    ['words', { count: 1, prefix: 'abcd' }, 'sampleTexts: prefix: expected 1 to 3 symbols, found 4'],
    ['words', { count: 1, prefix: '' }, 'sampleTexts: prefix: expected 1 to 3 symbols, found 0'],
    [
      'words',
      { count: 1, prefix: 'z' },
      'sampleTexts: prefix: "z" is not in the alphabet of the map: a b c d e f',
    ],
    [
      'words',
      { count: 1, prefix: 'a', method: 'heun' },
      'sampleTexts: prefix: is kept between the steps of jump and euler, found heun',
    ],
    [
      'grammar',
      { count: 1, prefix: 'a' },
      'sampleTexts: prefix: the map was trained without prefixes; train with --prefix 0.5',
    ],
    ['points', { count: 1 }, 'sampleTexts: map: expected a map of text; use sample for points'],
    [
      'words',
      { count: 1, prefx: 'a' },
      'sampleTexts: options: expected options { count, seed?, steps?, grid?, method?, options?, decode?, prefix?, length?, overlap? }, found "prefx"',
    ],
    ['words', { count: 1, grid: [0, 1] }, 'psd-simplex is trained to jump towards data only (t < s)'],
  ])('of %s with %j are refused in a line', async (name, options, line) => {
    const map = { words, grammar, points }[name as 'words']
    const message = await sampleTexts(map, options as unknown as TextOptions).then(
      () => 'drawn',
      (error: Error) => error.message,
    )
    expect(message.slice(0, line.length)).toBe(line)
    expect(message).not.toContain('\n')
  })

  test('nor does the command, which names its option and the run', async () => {
    const line = async (name: string, prefix: string) =>
      (await runHere(['sample', at(name), '--prefix', prefix])).stderr.trim()
    expect(await line('words', 'z')).toBe(
      `oxbow: --prefix: "z" is not in the alphabet of ${at('words')}: a b c d e f`,
    )
    expect(await line('grammar', 'a')).toBe(
      `oxbow: --prefix: ${at('grammar')} was trained without prefixes; train with --prefix 0.5`,
    )
  })

  test('are not decoded from what is none of the map', () => {
    const { text } = words
    expect(() => decodeText(new Float32Array(25), text!)).toThrow('expected points of 24 coordinates')
    expect(() => decodeText(new Float32Array(24), undefined as never)).toThrow(
      'decodeText: text: expected the text of a map, map.text, found nothing',
    )
  })
})
