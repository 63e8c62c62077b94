import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { load, train } from '../../src/index.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('alphabet')
const at = (...names: string[]) => join(folder, ...names)
const lines = (name: string, words: string) => writeFileSync(at(name), words.split(' ').join('\n'))
const small = { network: { hidden: 8, layers: 1 }, batch: 16, steps: 4, objective: 'psd-simplex' } as const
const alphabetOf = (name: string) => JSON.parse(readFileSync(at(name, 'alphabet.json'), 'utf8'))

beforeAll(async () => {
  lines('words.txt', 'bad cab dad bed ad')
  await train({ ...small, data: at('words.txt') }, { directory: at('run') })
  await train({ ...small, data: 'sums' }, { directory: at('sums') })
  await train({ ...small, objective: 'lsd', data: 'sphere-vmf' }, { directory: at('sphere') })
})

describe('alphabet.json', () => {
  test('has the unit, the end and the symbols in the order of their numbers', async () => {
    expect(alphabetOf('run')).toEqual({
      unit: 'character',
      end: '\n',
      symbols: ['\n', 'a', 'b', 'c', 'd', 'e'],
    })
    expect(alphabetOf('sums')).toEqual({ unit: 'character', end: null, symbols: ['0', '1', '2', '3', '4'] })
    expect(existsSync(at('sphere/alphabet.json'))).toBe(false)
    const map = await load(at('run'))
    expect(alphabetOf('run').symbols).toEqual(map.text!.alphabet)
    await map.close()
  })

  test('is written beside weights that are exported, and not over that of another model', async () => {
    const out = at('out/model.safetensors')
    expect((await runHere(['export', at('run'), '--format', 'safetensors', '--out', out])).code).toBe(0)
    expect(alphabetOf('out')).toEqual(alphabetOf('run'))
    writeFileSync(at('alphabet.json'), '{}')
    const { code, stderr } = await runHere(['export', at('run'), '--format', 'npz', '--out', at('model.npz')])
    expect([code, stderr.trim()]).toEqual([
      2,
      `oxbow: ${at('alphabet.json')}: is that of another model; choose another folder with --out`,
    ])
    expect([existsSync(at('model.npz')), existsSync(at('config.json'))]).toEqual([false, false])
  })
})

describe('other symbols than those of a run are refused in a line', () => {
  test.each([
    ['more.txt', 'bad cab zoo', 'more.txt has the symbol "o", which is not in the alphabet of the run'],
    [
      'ends.txt',
      'bad cab deb',
      'ends.txt lacks the symbol "\\n" of the run; read it with the alphabet of the run, {text: {path: ..., alphabet: "\\nabcde"}}',
    ],
    [
      'fewer.txt',
      'bad cab ad',
      'fewer.txt lacks the symbol "e" of the run; read it with the alphabet of the run, {text: {path: ..., alphabet: "\\nabcde"}}',
    ],
  ])('by evaluate, of %s', async (name, words, reason) => {
    lines(name, words)
    const asked = ['--count', '20', '--steps', '1', '--data', at(name)]
    const { code, stderr } = await runHere(['evaluate', at('run'), ...asked])
    expect([code, stderr.trim()]).toEqual([2, `oxbow: data: ${reason}`])
  })

  test('what the line advises is taken', async () => {
    lines('fewer.txt', 'bad cab ad')
    const data = `{text: {path: "${at('fewer.txt')}", alphabet: "\\nabcde"}}`
    const asked = ['--count', '20', '--steps', '1', '--metrics', 'distinct', '--data', data]
    const { code, stderr } = await runHere(['evaluate', at('run'), ...asked])
    expect(code, stderr).toBe(0)
  })

  test('by evaluate, of points for text and of text for points', async () => {
    const plain = ['--count', '20', '--steps', '1']
    const points = await runHere(['evaluate', at('run'), ...plain, '--data', 'ring'])
    expect(points.stderr.trim()).toBe('oxbow: data: ring is no text, and the run was trained on text')
    const text = await runHere(['evaluate', at('sphere'), ...plain, '--data', 'sums'])
    expect(text.stderr.trim()).toBe('oxbow: data: sums is text, and the run was trained on points')
    writeFileSync(at('flat.csv'), '1,2,3\n4,5,6\n7,8,9\n1,1,1\n')
    const flat = await runHere(['evaluate', at('sphere'), ...plain, '--data', at('flat.csv')])
    expect(flat.stderr.trim().split('\n').at(-1)).toBe(
      'oxbow: data: flat.csv has points of the space flat, the run of sphere',
    )
  })

  test('by a run that is resumed, whose data has changed', async () => {
    lines('other.txt', 'bad cab zoo')
    const { code, stderr } = await runHere([
      'train',
      '--resume',
      '--out',
      at('run'),
      '--data',
      at('other.txt'),
      '--steps',
      '8',
    ])
    expect(code).not.toBe(0)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(/data/)
    writeFileSync(at('words.txt'), 'bad\ncab\ndad\nbed\nzoo')
    const changed = await runHere(['train', '--resume', '--out', at('run'), '--steps', '8'])
    expect([changed.code === 0, changed.stderr.trim().split('\n').length]).toEqual([false, 1])
    expect(changed.stderr).toContain('the data has changed since the run was started')
  })
})
