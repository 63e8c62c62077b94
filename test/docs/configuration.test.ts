import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configKeys, resolveConfig } from '../../src/config/index.ts'
import { DEFAULT_KIND, networks } from '../../src/model/index.ts'
import { type Objective, objectives } from '../../src/objective/index.ts'
import { rewardSchema } from '../../src/objective/reward.ts'
import { blocks } from './documents.ts'

test('docs/configuration.md has every key with its default', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  // Kinds of networks that share a key share its default, since the table has one row for each key.
  const kinds = [...networks.keys()].map(kind => resolveConfig({ objective: 'psd', network: { kind } }))
  const network = Object.assign({}, ...kinds.map(config => config.network), kinds[0].network)
  for (const own of kinds) expect(network).toMatchObject({ ...own.network, kind: DEFAULT_KIND })
  const defaults: unknown = { ...kinds[0], network }
  for (const key of configKeys()) {
    const value = key
      .split('.')
      .reduce<unknown>((block, part) => (block as Record<string, unknown>)[part], defaults)
    const [, written] =
      new RegExp(`^\\| +\`${key.replaceAll('.', '\\.')}\` +\\| +\`([^\`]*)\` +\\|`, 'm').exec(text) ?? []
    expect(written, key).toBeDefined()
    // The objective and its options are the two that this configuration had to name.
    if (key !== 'objective' && key !== 'options') expect(JSON.parse(written!), key).toEqual(value)
  }
})

describe('rewards in docs/configuration.md', () => {
  const text = readFileSync('docs/configuration.md', 'utf8')
  const section = /## Rewards\n([\s\S]*?)\n## /.exec(text)![1]

  test('have every kind, with the keys and defaults of each', () => {
    const [before] = section.split('| key |')
    const kinds = [...before.matchAll(/^\| `(\w+)` \|/gm)].map(([, kind]) => kind)
    expect(() => rewardSchema.parse({ kind: 'other' })).toThrow(`expected one of ${kinds.join(', ')}"`)
    const rows = [...section.matchAll(/^\| `(\w+)` \| (`\w+`|both) \| (?:`(.*)`|none) \| \S/gm)]
    for (const kind of kinds) {
      const own = rows.filter(([, , of]) => of === 'both' || of === `\`${kind}\``)
      const needed = own
        .filter(([, , , value]) => value === undefined)
        .map(([, key]) => [key, [[0, 1]]] as const)
      const written = own.flatMap(([, key, , value]) =>
        value === undefined ? [] : [[key, parse(value)] as const],
      )
      const asked = { kind, ...Object.fromEntries(needed) }
      expect(rewardSchema.parse(asked)).toEqual({ ...asked, ...Object.fromEntries(written) })
    }
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
        [...ids.matchAll(/\w+/g)].map(([id]) => [`${id} ${key}`, parse(value)] as const),
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
