import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configKeys, resolveConfig } from '../../src/config/index.ts'
import { DEFAULT_KIND, networks } from '../../src/model/index.ts'
import { type Objective, objectives } from '../../src/objective/index.ts'
import { rewardSchema } from '../../src/objective/reward.ts'
import { blocks } from './documents.ts'

/** The keys of a network of some kind, with their defaults. */
const keysOfKind = (kind: string) =>
  Object.entries(resolveConfig({ objective: 'psd', network: { kind } }).network)

describe('docs/configuration.md has every key with its default', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  const written = (key: string, text: string): unknown => {
    const row = new RegExp(`^\\| +\`${key.replaceAll('.', '\\.')}\` +\\| +\`([^\`]*)\` +\\|`, 'm').exec(text)
    expect(row, key).not.toBeNull()
    return JSON.parse(row![1])
  }

  test('of a training with the default network', () => {
    const defaults: unknown = resolveConfig({ objective: 'psd' })
    const own = new Set(keysOfKind(DEFAULT_KIND).map(([key]) => `network.${key}`))
    for (const key of configKeys()) {
      if (key.startsWith('network.') && !own.has(key)) continue
      const value = key
        .split('.')
        .reduce<unknown>((block, part) => (block as Record<string, unknown>)[part], defaults)
      // The objective and its options are the two that this configuration had to name.
      const found = written(key, text)
      if (key !== 'objective' && key !== 'options') expect(found, key).toEqual(value)
    }
  })

  test.each([...networks.keys()].filter(kind => kind !== DEFAULT_KIND))('of a network of kind %s', kind => {
    const sectionOf = (kind: string) =>
      text.split(/^## /m).find(part => part.startsWith(`The network \`${kind}\``))!
    const own = sectionOf(kind)
    // A kind of the same keys has rows for those that differ, which come first here.
    const [, like] = /Its keys and their defaults are those of `(\w+)`/.exec(own) ?? []
    const section = like ? own + sectionOf(like) : own
    const shared = ['kind', 'conditioning', 'parameterization', 'predicts']
    for (const [key, value] of keysOfKind(kind).filter(([key]) => !shared.includes(key))) {
      expect(written(`network.${key}`, section), key).toEqual(value)
    }
  })
})

/** Something for each key of a reward that has no default. */
const NEEDED: Readonly<Record<string, unknown>> = {
  centers: [[0, 1]],
  A: [[1]],
  b: 1,
  operator: { kind: 'mask', keep: [0] },
  y: 1,
  sd: 1,
  of: { kind: 'linear', b: 1, offset: 0 },
}

describe('rewards in docs/configuration.md', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  const section = /## Rewards\n([\s\S]*?)\n## /.exec(text)![1]

  test('have every kind, with the keys and defaults of each', () => {
    const [before] = section.split('| key |')
    const kinds = [...before.matchAll(/^\| `(\w+)` \|/gm)].map(([, kind]) => kind)
    expect(() => rewardSchema.parse({ kind: 'other' })).toThrow(`expected one of ${kinds.join(', ')}"`)
    const rows = [...section.matchAll(/^\| `(\w+)` \| (`\w+`(?:, `\w+`)*) \| (?:`(.*)`|none) \| \S/gm)]
    for (const kind of kinds) {
      const own = rows.filter(([, , of]) => of.includes(`\`${kind}\``))
      const needed = own
        .filter(([, , , value]) => value === undefined)
        .map(([, key]) => [key, NEEDED[key]] as const)
      const written = own.flatMap(([, key, , value]) =>
        value === undefined ? [] : [[key, parse(value)] as const],
      )
      const asked = { kind, ...Object.fromEntries(needed) }
      expect(rewardSchema.parse(asked)).toEqual({ ...asked, ...Object.fromEntries(written) })
    }
  })

  test('have every operator', () => {
    const operators = [...section.matchAll(/^\| `(\{kind: .*?\})` \|/gm)].map(([, text]) => parse(text))
    const reward = (operator: unknown) => rewardSchema.parse({ kind: 'observation', operator, y: 1, sd: 1 })
    for (const operator of operators) expect(reward(operator)).toMatchObject({ operator })
    const names = operators.map(({ kind }) => kind)
    expect(names.toSorted()).toEqual(['blur', 'downsample', 'mask', 'matrix'])
    expect(() => reward({ kind: 'other' })).toThrow('expected one of mask, downsample, blur, matrix"')
  })

  test('are accepted as the example writes them', () => {
    const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(section)!
    expect(resolveConfig(parse(yaml))).toMatchObject(parse(yaml))
  })
})

describe('schedules in docs/configuration.md', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  const section = /## Numbers that change over training\n([\s\S]*?)\n## /.exec(text)![1]

  test('are of every kind', () => {
    const kinds = [...section.matchAll(/^\| `(\w+)` \| [^`|]/gm)].map(([, kind]) => kind)
    const known = (kind: string) =>
      resolveConfig({ objective: 'alphaflow', options: { alpha: { kind, from: 1, to: 0.1 } } })
    for (const kind of kinds) known(kind)
    expect(() => known('other')).toThrow(`kind one of ${kinds.join(', ')},`)
  })

  test('have the defaults of the catalogue, none left out', () => {
    const written = [...section.matchAll(/^\| `(\w+)` \| (`.*`) \| `(.*)` \|$/gm)].flatMap(
      ([, key, ids, value]) =>
        [...ids.matchAll(/[\w-]+/g)].map(([id]) => [`${id} ${key}`, parse(value)] as const),
    )
    const takes = (row: Objective, key: string) =>
      row.options.safeParse({ [key]: { kind: 'linear', from: 0.2, to: 0.1 } }).success
    const real = [...objectives.values()].flatMap(row =>
      Object.entries(row.options.parse({}) as Record<string, unknown>)
        .filter(([key]) => takes(row, key))
        .map(([key, value]) => [`${row.id} ${key}`, value] as const),
    )
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries(real))
  })

  test('are accepted as the example writes them', () => {
    const [{ text: yaml }] = blocks.filter(
      ({ document, language }) => document === 'docs/configuration.md' && language === 'yaml',
    )
    expect(resolveConfig(parse(yaml))).toMatchObject(parse(yaml))
  })
})
