import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseKeys, readConfigFile } from '../../src/cli/keys.ts'
import { parseYaml } from '../../src/cli/yaml.ts'
import { runHere } from '../helpers/cli.ts'
import { filesIn, temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'

const folder = temporaryFolder('yaml')

const LAUGHS = ['a: &a [x, x, x, x, x, x, x, x, x]']
for (let i = 1; i < 12; i++) {
  const [name, before] = ['abcdefghijkl'[i], 'abcdefghijkl'[i - 1]]
  LAUGHS.push(`${name}: &${name} [${new Array(9).fill(`*${before}`).join(', ')}]`)
}

describe('a configuration that is refused', () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ['a list that holds itself', 'data: &a [*a]\n', /not valid YAML: a block that holds itself/],
    ['a block that holds itself', 'network: &n\n  inner: {deep: *n}\n', /a block that holds itself/],
    ['aliases that grow', `${LAUGHS.join('\n')}\n`, /its aliases \(\*name\) repeat too much/],
    ['an alias of nothing', 'network: *missing\n', /the alias \*missing has no anchor &missing/],
    [
      'a key twice',
      'data: ring\nnetwork:\n  hidden: 3\n  hidden: 4\n',
      /\(line 4\): .*the key "hidden" is there twice/,
    ],
    ['two documents', 'batch: 4\n---\nbatch: 5\n', /\(line 2\): .*expected one document, found several/],
    ['a tab', 'network:\n\thidden: 3\n', /\(line 2\): .*indented with a tab/],
    ['an open bracket', 'network: {hidden: 3\nbatch: 4\n', /\(line [23]\): .*a \[ or \{ that is not closed/],
    ['nothing but an open bracket', 'data: [', /\(line 1\): .*a \[ or \{ that is not closed/],
    ['an unknown tag', 'data: !ruby/object:X ring\n', /\(line 1\): .*unknown tag/],
    ['a nesting without end', '['.repeat(100_000), /nested deeper than 64 levels/],
    ['JSON nested deeply', `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`, /nested deeper than 64 levels/],
    [
      'a nesting by lines',
      Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      /nested deeper/,
    ],
    [
      'Latin-1',
      Buffer.from('batch: 4\ndata: R\xe4der.csv\n', 'latin1'),
      /row 2, byte \d+ \(0xe4\): not UTF-8/,
    ],
    [
      'bytes of something else',
      Uint8Array.from({ length: 999 }, (_, i) => (i * 7919) % 256),
      /not UTF-8|not valid YAML/,
    ],
    ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), /not UTF-8/],
  ])('%s', async (_, content, message) => {
    const path = join(folder, 'c.yaml')
    writeFileSync(path, content)
    for (const command of ['train', 'compare']) {
      const { code, stdout, stderr } = await runHere([
        command,
        '--config',
        path,
        '--out',
        join(folder, 'out'),
      ])
      expect(stderr).toMatch(/^oxbow: [^\n]+\n$/)
      expect(stderr).toMatch(message)
      expect(stderr).not.toMatch(/circular structure|maxAliasCount|resource exhaustion|call stack| at /i)
      expect([code, stdout]).toEqual([2, ''])
    }
    expect(filesIn(folder)).toEqual(['c.yaml'])
  })

  long('of a hundred thousand keys, in a moment', () => {
    const text = Array.from({ length: 100_000 }, (_, i) => `k${i}: 1`).join('\n')
    expect(Object.keys(parseYaml(text) as object)).toHaveLength(100_000)
    expect(() => parseYaml(`${text}\nk7: 2`)).toThrow('the key "k7" is there twice')
  })

  test('as an option', async () => {
    for (const words of [
      ['train', '--network.hidden', '&a [*a]'],
      ['train', '--data', '{csv: &a {path: *a}}'],
      ['train', '--batch', '['.repeat(50_000)],
      ['train', '--steps', '!!binary 4'],
    ]) {
      const { code, stderr } = await runHere([...words, '--out', join(folder, 'out')])
      expect(stderr).toMatch(/^oxbow: [^\n]{1,400}\n$/)
      expect(stderr).not.toMatch(/circular|call stack/)
      expect(code).toBe(2)
    }
  })
})

test('a mark of the byte order, aliases and anchors that end are read', () => {
  const path = join(folder, 'good.yaml')
  writeFileSync(path, '\ufeffa: &a {b: 1}\nc: *a\nd: [*a, *a]\n')
  expect(readConfigFile(path)).toEqual({ a: { b: 1 }, c: { b: 1 }, d: [{ b: 1 }, { b: 1 }] })
})

describe('the value of an option', () => {
  const read = (text: string) => parseKeys([`--key=${text}`]).key

  test.each([' ', '', '|', ':', '#', '-', '?', '~', '&', '*', '!', '%', '>', '"', ';', '\t', 'a # b', '[1'])(
    'is the text %j where YAML is something else',
    text => expect(read(text)).toBe(text),
  )

  test.each<[string, unknown]>([
    ['1e-3', 0.001],
    ['true', true],
    ['null', null],
    ['"1"', '1'],
    ['[0.2, 0.8]', [0.2, 0.8]],
    ['{a: 1}', { a: 1 }],
    ['csv: {path: x}', { csv: { path: 'x' } }],
    ['csv:\n  path: x', { csv: { path: 'x' } }],
  ])('is YAML: %j', (text, value) => expect(read(text)).toEqual(value))
})
