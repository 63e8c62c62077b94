import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { type DatasetSpec, openDataset, withAbsolutePaths, withKeys } from '../../../src/data/catalogue.ts'
import { DataError } from '../../../src/data/error.ts'
import { readPoints } from '../../../src/data/points.ts'
import { largestSymbols } from '../../../src/data/text/one-hot.ts'
import { decode } from '../../../src/data/text/symbols.ts'
import { prepareMetrics } from '../../../src/metric/prepare.ts'
import { random } from '../../../src/random/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'text-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Points whose every position has the same symbol. */
const oneSymbol = (length: number, symbols: number, symbol: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Number(i % symbols === symbol))

let files = 0
function file(content: string | Buffer, name = `${files++}.txt`): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

type Options = Record<string, unknown>
const open = (content: string | Buffer, options: Options = {}, holdOut?: number) =>
  openDataset(
    { text: { path: file(content), ...options } } as DatasetSpec,
    holdOut === undefined ? {} : { holdOut },
  )

type Opened = Awaited<ReturnType<typeof open>>

/** All sequences of one side in a random order. */
function sideOf({ text, split }: Opened, side: 'training' | 'heldOut'): string[] {
  const { length, tokens } = text!
  const out = new Uint16Array(split![side] * length)
  tokens.take!(side, random(1, 'side'), out)
  return Array.from({ length: split![side] }, (_, i) =>
    decode(out.subarray(i * length, (i + 1) * length), text!),
  )
}
const all = (dataset: Opened): string[] =>
  [...sideOf(dataset, 'training'), ...sideOf(dataset, 'heldOut')].sort()

const wordsOf = (count: number, letters = 'abcdefg'): string[] => {
  const source = random(2, 'words')
  return Array.from({ length: count }, () =>
    Array.from({ length: 5 + source.integer(3) }, () => letters[source.integer(letters.length)]).join(''),
  )
}

describe('lines', () => {
  test('are sequences, shorter ones filled by an end', async () => {
    const dataset = await open('cat\ndoge\na\n')
    const { text, shape, space, fingerprint, split } = dataset
    expect(text!.alphabet).toEqual(['\n', ...'acdegot'])
    expect([text!.length, text!.end, text!.unit]).toEqual([4, '\n', 'character'])
    expect([shape, space]).toEqual([[4, 8], 'simplex'])
    expect(all(dataset)).toEqual(['a', 'cat', 'doge'])
    expect(split).toMatchObject({ training: 3, heldOut: 0 })
    expect(fingerprint).toEqual({
      sha256: createHash('sha256').update('cat\ndoge\na\n').digest('hex'),
      ...{ rows: 3, minimum: [0], maximum: [1] },
    })
    expect(dataset.warnings![0]).toMatch(/no row is held out of 3 rows/)
  })

  test('of one length need no end', async () => {
    const { text } = await open('ab\nba\n')
    expect([text!.alphabet.join(''), text!.end]).toEqual(['ab', undefined])
  })

  test('of a greater length than they have are filled', async () => {
    const { text } = await open('ab\nba\n', { length: 3 })
    expect([text!.alphabet.join(''), text!.length, text!.end]).toEqual(['\nab', 3, '\n'])
  })

  test('may end as they like, and be empty', async () => {
    for (const text of ['ab\r\nc\r\n\r\nd', '\ufeffab\nc\nd\n', 'ab\rc\rd\r', '\n\nab\nc\n\n\nd\n\n']) {
      const dataset = await open(text)
      expect(all(dataset)).toEqual(['ab', 'c', 'd'])
      expect(dataset.text!.alphabet.join('')).toBe('\nabcd')
    }
  })

  test('of UTF-16 with a mark are read', async () => {
    const utf16 = Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from('ab\nçd\n', 'utf16le')])
    expect(all(await open(utf16))).toEqual(['ab', 'çd'])
  })

  test('of characters beyond 16 bits have one symbol for each', async () => {
    const { text, ...rest } = await open('a😀\n😁b\n')
    expect(text!.alphabet).toEqual(['a', 'b', '😀', '😁'])
    expect(text!.length).toBe(2)
    expect(all({ text, ...rest })).toEqual(['a😀', '😁b'])
  })

  test('that are too long are refused, or cut', async () => {
    const content = `${'ab'.repeat(3)}\nabc\n${'ba'.repeat(4)}\n`
    await expect(open(content, { length: 4 })).rejects.toThrow(
      /row 1: expected at most 4 symbols, found 6; cut longer lines with \{cut: true\} \(and 1 more: row 3\)$/,
    )
    const dataset = await open(content, { length: 4, cut: true })
    expect(all(dataset)).toEqual(['abab', 'abc', 'baba'])
  })

  test('that are very long are taken when asked for', async () => {
    const long = `ab\n${'ab'.repeat(150)}\n`
    await expect(open(long)).rejects.toThrow(
      /row 2: has 300 symbols, and without a length at most 256 are taken; cut longer lines with .*length: 256, cut: true}}, or allow them with length: 300$/,
    )
    expect((await open(long, { length: 300 })).text!.length).toBe(300)
    expect((await open(long, { cut: true })).text!.length).toBe(256)
  })
})

describe('a stream', () => {
  test('is cut at its length, line ends included, and what is left is left out', async () => {
    const dataset = await open('abc\r\ndefghij', { as: 'stream', length: 4 })
    expect(all(dataset)).toEqual(['abc\n', 'defg'])
    expect(dataset.text!.end).toBeUndefined()
    expect(dataset.warnings!.join()).not.toContain('overlap')
  })

  test('may overlap, which a warning says', async () => {
    const dataset = await open('abcdefgh', { as: 'stream', length: 4, step: 2 })
    expect(all(dataset)).toEqual(['abcd', 'cdef', 'efgh'])
    expect(dataset.warnings!.join()).toContain('sequences of 4 symbols overlap (step 2)')
  })
})

describe('bytes', () => {
  test('are symbols whatever they are', async () => {
    const dataset = await open(Buffer.of(0, 255, 10, 65, 0xc3, 13, 10, 0, 0), { unit: 'byte' })
    expect(dataset.text!.alphabet).toEqual(['\0', 'A', '\u00c3', '\u00ff'])
    expect(all(dataset)).toEqual(['\0\0', '\0\u00ff', 'A\u00c3'])
  })

  test('of a stream are all there', async () => {
    const dataset = await open('a\r\nb', { unit: 'byte', as: 'stream', length: 2 })
    expect(all(dataset)).toEqual(['\nb', 'a\r'])
  })

  test('of a character are several', async () => {
    expect((await open('é\nab\n', { unit: 'byte' })).text!.length).toBe(2)
    expect((await open('é\nab\n')).text!.end).toBe('\n')
  })
})

describe('an alphabet that is given', () => {
  test('is that of the data, by code point', async () => {
    const { text } = await open('ab\nba\n', { alphabet: 'cba' })
    expect(text!.alphabet.join('')).toBe('abc')
    expect((await open('ab\nb\n', { alphabet: ['a', 'b'] })).text!.alphabet.join('')).toBe('\nab')
    const ended = (await open('ab\nba\n', { alphabet: ['\n', 'a', 'b'] })).text!
    expect([ended.alphabet.length, ended.end]).toEqual([3, '\n'])
  })

  test('refuses another symbol, and says where', async () => {
    await expect(open('ab\nba\nxb\n', { alphabet: 'ab' })).rejects.toThrow(
      /\.txt: row 3: the symbol "x" is not in the alphabet$/,
    )
    await expect(open('abab\nba😀b', { alphabet: 'ab\n', as: 'stream', length: 3 })).rejects.toThrow(
      /row 2: the symbol "😀" is not in the alphabet$/,
    )
  })

  test.each([
    ['aa', 'character', 'text.alphabet: expected different characters; found "aa"'],
    [['ab'], 'character', 'text.alphabet: expected different characters; found ["ab"]'],
    [
      'aā',
      'byte',
      'text.alphabet: expected different characters up to U+00FF, one for each byte; found "aā"',
    ],
  ])('%j of %ss is refused', async (alphabet, unit, message) => {
    await expect(open('a\na\n', { alphabet, unit })).rejects.toThrow(message)
  })
})

describe('held-out rows', () => {
  const lines = wordsOf(3000)

  test('are about a tenth, and equal lines are on one side', async () => {
    const dataset = await open([...lines, ...lines.slice(0, 500)].join('\n'))
    const { training, heldOut } = dataset.split!
    expect(training + heldOut).toBe(3500)
    expect(Math.abs(heldOut / 3500 - 0.1)).toBeLessThan(0.02)
    const trained = new Set(sideOf(dataset, 'training'))
    expect(sideOf(dataset, 'heldOut').filter(line => trained.has(line))).toEqual([])
    expect(dataset.warnings!.join()).toMatch(/5\d\d of 3500 rows repeat earlier ones, the first is row/)
  })

  test('stay where they are when other lines bring new symbols and are longer', async () => {
    const before = sideOf(await open(lines.join('\n')), 'heldOut')
    const after = new Set(sideOf(await open([...lines, '!?', 'zzzzzzzzzzzz'].join('\n')), 'heldOut'))
    expect(before.length).toBeGreaterThan(200)
    expect(before.filter(line => !after.has(line)).length).toBeLessThan(3)
  })

  test('of few different lines have some of each', async () => {
    const few = Array.from({ length: 400 }, (_, i) => ['ab', 'cd', 'ef'][i % 3])
    const dataset = await open(few.join('\n'))
    const [trained, held] = (['training', 'heldOut'] as const).map(side => new Set(sideOf(dataset, side)))
    expect([trained.size, held.size]).toEqual([3, 3])
  })

  test('are none where none are asked for', async () => {
    expect((await open(lines.join('\n'), {}, 0)).split).toMatchObject({ training: 3000, heldOut: 0 })
  })

  test('are not drawn by sample', async () => {
    const dataset = await open(lines.join('\n'))
    const held = new Set(sideOf(dataset, 'heldOut'))
    const points = new Float32Array(500 * dataset.dimension)
    dataset.sample(random(3, 'test'), points)
    const { text } = dataset
    const tokens = largestSymbols(points, text!.alphabet.length)
    for (let i = 0; i < 500; i++) {
      const line = decode(tokens.subarray(i * text!.length, (i + 1) * text!.length), text!)
      expect(held.has(line)).toBe(false)
    }
  })

  test('are measured against, and training rows are not new', async () => {
    const dataset = await open(lines.join('\n'))
    const measures = prepareMetrics(dataset, { count: 10_000 })
    expect(measures.count).toBe(dataset.split!.heldOut)
    expect(measures.names).toEqual([
      ...[
        'perplexity',
        'sampleEntropy',
        'distinct',
        'novelty',
        'ngramJS1',
        'ngramJS2',
        'ngramJS3',
        'commitment',
      ],
    ])
    const trained = new Float32Array(measures.count * dataset.dimension)
    dataset.split!.take('training', random(1, 'test'), trained)
    expect(measures.estimate(trained).novelty.value).toBe(0)
    expect(measures.floors.novelty.value).toBe(1)
    expect(measures.floors.perplexity.value).toBeLessThan(
      measures.estimate(oneSymbol(trained.length, dataset.shape[1], 3)).perplexity.value,
    )
  })
})

describe('what cannot be used is refused in one line', () => {
  const cases: [string, string | Buffer, Options, RegExp][] = [
    ['an empty file', '', {}, /the file is empty$/],
    [
      'one line',
      'abc\n',
      {},
      /expected at least 2 lines of text, found 1; one long text is read with \{text: .*as: stream/,
    ],
    ['blank lines', '\n\n\n', {}, /expected at least 2 lines of text, found 0;/],
    ['one symbol', 'aa\naa\n', {}, /expected at least 2 different symbols, found 1$/],
    [
      'Latin-1',
      Buffer.from('ab\ncafé\n', 'latin1'),
      {},
      /row 2, byte 6 \(0xe9\): not UTF-8, perhaps Latin-1/,
    ],
    [
      'NUL within the first bytes',
      'ab\nc\0d\n',
      {},
      /expected text, found a binary file; any file can be read by its bytes, \{text: .*unit: byte\}\}$/,
    ],
    [
      'NUL later',
      `${'ab\n'.repeat(2000)}c\0d\n`,
      {},
      /row 2001: expected text, found the character NUL; read it by its bytes/,
    ],
    ['a picture', Buffer.from('89504e470d0a1a0a0000', 'hex'), {}, /expected text, found a PNG picture/],
    ['gzip by another name', gzipSync('ab\ncd\n'), {}, /is compressed by gzip; let its name end in \.gz$/],
    [
      'a stream without a length',
      'abcdef',
      { as: 'stream' },
      /^text\.length: expected the length of a sequence/,
    ],
    [
      'a stream that is too short',
      'abcdef',
      { as: 'stream', length: 4 },
      /expected at least 2 sequences, found 1: 6 symbols, length 4, step 4$/,
    ],
    ['a step of lines', 'ab\ncd', { step: 2 }, /^text\.step: belongs to \{as: stream\}; found 2 for lines$/],
    [
      'a stream that is cut',
      'ab\ncd',
      { as: 'stream', length: 2, cut: true },
      /^text\.cut: only applies to lines/,
    ],
    ['an unknown key', 'ab\ncd', { size: 2 }, /^text: unknown key "size"/],
    [
      'very long points',
      'ab\ncd',
      { length: 400_000 },
      /expected at most 1048576 numbers in a point, found 400000 symbols out of 5;/,
    ],
  ]
  test.each(cases)('%s', async (_, content, options, message) => {
    const error = await open(content, options).catch((error: Error) => error)
    expect(error).toBeInstanceOf(DataError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toMatch(/[\n\0]/)
  })

  test('a file that is not there, and a folder', async () => {
    await expect(openDataset(join(folder, 'none.txt'))).rejects.toThrow(/none\.txt: no such file$/)
    await expect(openDataset({ text: { path: folder } })).rejects.toThrow('is a folder, expected a file')
  })
})

describe('a path that ends in .txt', () => {
  test('is text where its lines are no numbers', async () => {
    const dataset = await openDataset(file('3+4=07\n1+1=02\n', 'sums.txt'))
    expect([dataset.name, dataset.text!.length]).toEqual(['sums.txt', 6])
    for (const content of [
      'In 1984, we\nhad 2 cats, a dog\n',
      '{"a": 1}\n{"b": 2}\n',
      'chapter 1\nchapter 2\n',
      'one, 2, three, four\nfive, 6, seven, eight\n',
    ]) {
      expect((await openDataset(file(content))).text).toBeDefined()
    }
    expect((await openDataset(file(gzipSync('one\ntwo\n'), 'z.txt.gz'))).text!.length).toBe(3)
  })

  test('is a table where they are, as it was', async () => {
    for (const content of [
      '1,2\n3,4\n5,6\n',
      'x,y\n1,2\n3,4\n',
      '1\n2\n3\n',
      '1;a\n2;b\n',
      'a,b,kind\n1,2,cat\n3,4,dog\n',
    ]) {
      const dataset = await openDataset(file(content)).catch((error: Error) => error)
      expect(dataset).not.toHaveProperty('text')
    }
    await expect(openDataset(file('1 2\n3 4\n'))).rejects.toThrow('has numbers with spaces between them')
    expect((await openDataset(file(gzipSync('1,2\n3,4\n'), 'n.txt.gz'))).dimension).toBe(2)
  })

  test('is what its keys say', async () => {
    const path = file('12\n34\n', 'digits.txt')
    expect((await openDataset(path)).dimension).toBe(1)
    expect(withKeys(path, { text: { length: 3 } })).toEqual({ text: { path, length: 3 } })
    expect((await openDataset(withKeys(path, { text: { length: 3 } }))).text!.length).toBe(3)
    expect(withKeys(path, { csv: { header: false } })).toEqual({ csv: { path, header: false } })
  })
})

test('blocks have absolute paths', () => {
  expect(withAbsolutePaths({ text: { path: 'a.txt', length: 3 } })).toEqual({
    text: { path: join(process.cwd(), 'a.txt'), length: 3 },
  })
})

test('points of a file in its order are one-hot', async () => {
  const { points, dimension } = await readPoints({ text: { path: file('ab\nba\nbb\n') } })
  expect(dimension).toBe(4)
  expect([...points]).toEqual([1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1])
})
