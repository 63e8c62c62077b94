import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { drawNoise, load, train } from '../../src/index.ts'
import { decodeAdapterFile, encodeAdapterFile } from '../../src/serialization/adapter.ts'
import { encodeModelFile } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('merge')
const at = (name: string) => join(folder, name)

const common = {
  ...{
    data: { glyphs: { size: 8 } },
    condition: { kind: 'class' },
    batch: 16,
    steps: 20,
    logEvery: 10,
    ema: 0.9,
  },
  optimizer: { learningRate: 1e-2 },
}
const network = { kind: 'dit', patch: 4, width: 12, depth: 2, heads: 2, hidden: 20, frequencies: 5 }
const velocity = (own: object, name: string) =>
  train(
    {
      ...common,
      ...{ objective: 'flow-matching', network: { ...network, conditioning: 's' } },
      ...own,
    } as unknown as UserConfig,
    { directory: at(name) },
  )

beforeAll(async () => {
  await velocity({}, 'velocity')
  await velocity({ seed: 5 }, 'other')
  const tuned = { ...common, objective: 'psd', initFrom: at('velocity'), adapter: { rank: 2, alpha: 5 } }
  await train(tuned as unknown as UserConfig, { directory: at('adapted') })
  // A second one of another rank, on the velocity itself and on pictures of other noise.
  const style = {
    ...tuned,
    objective: 'flow-matching',
    seed: 3,
    adapter: { rank: 1, targets: ['out'], train: [] },
  }
  await train(style as unknown as UserConfig, { directory: at('style') })
})

const merge = (...args: string[]) => runHere(['merge', ...args])
const parametersOf = (name: string) => readModel(at(name)).parameters
const far = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i])), 0)

describe('a merged run', () => {
  test('is plain, and the map of the adapter', async () => {
    const { code, stdout, stderr } = await merge(at('velocity'), at('adapted'), '--out', at('merged'))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/adapted: weight 1, rank 2, \d+ parameters\n.*merged: psd, \d+ parameters\n$/s)
    expect(parametersOf('merged')).toEqual(parametersOf('adapted'))
    const { config } = readRecord(at('merged'))
    expect(config).toMatchObject({
      adapter: null,
      objective: 'psd',
      initFrom: 'velocity + adapted',
      steps: 0,
    })
    const maps = await Promise.all(['merged', 'adapted'].map(name => load(at(name))))
    const [a, b] = await Promise.all(maps.map(map => map.given({ class: 3 }).jump(drawNoise(4, 64, 1), 1, 0)))
    expect(a).toEqual(b)
    for (const map of maps) await map.close()
    expect(readFileSync(paths(at('adapted')).card, 'utf8')).toMatch(
      /Only an adapter of rank 2 was trained: [\d,]+ parameters \(\d+ %\) beside those of `velocity`, which stayed/,
    )
    expect(readFileSync(paths(at('merged')).card, 'utf8')).toContain(
      'with the parameters of `velocity + adapted`',
    )
  })

  test('gives the base again with a weight of -1, however often it was added', async () => {
    expect((await merge(at('merged'), at('adapted'), '--weight', '-1', '--out', at('taken'))).stderr).toBe('')
    const base = readModel(paths(at('adapted')).base).parameters
    expect(far(parametersOf('taken'), base)).toBeLessThan(1e-6)
    expect(far(parametersOf('merged'), base)).toBeGreaterThan(1e-3)
  })

  test('is the sum of several, each times its weight', async () => {
    await merge(at('velocity'), at('adapted'), at('style'), '--weight', '1,0.5', '--out', at('sum'))
    await merge(at('velocity'), at('adapted'), '--out', at('first'))
    await merge(at('first'), at('style'), '--weight=0.5', '--out', at('second'))
    expect(far(parametersOf('sum'), parametersOf('second'))).toBeLessThan(1e-6)
    expect(far(parametersOf('sum'), parametersOf('first'))).toBeGreaterThan(1e-4)
    expect(readRecord(at('sum')).config.initFrom).toBe('velocity + adapted + 0.5 style')
    // In any order the network is the one that all of them fit.
    await merge(at('velocity'), at('style'), at('adapted'), '--weight', '0.5,1', '--out', at('turned'))
    expect(parametersOf('turned')).toEqual(parametersOf('sum'))
    for (const name of ['turned', 'second']) expect(readRecord(at(name)).config.objective).toBe('psd')
  })

  test('takes an adapter to another base of the same shapes, with a warning', async () => {
    const { code, stderr, stdout } = await merge(
      ...[at('other'), paths(at('adapted')).adapter, '--out', at('moved'), '--json'],
    )
    expect([code, stderr.split('\n').length]).toEqual([0, 2])
    expect(stderr).toMatch(/adapter\.safetensors: was trained for a base other than .*other/)
    const { notes, adapters } = JSON.parse(stdout)
    expect(notes).toHaveLength(1)
    expect(adapters).toMatchObject([{ weight: 1, rank: 2, alpha: 5 }])
    // The same change as that of its own base.
    const start = (name: string) => ({ ...common, objective: 'psd', initFrom: at(name), steps: 0 })
    for (const name of ['velocity', 'other']) {
      await train(start(name) as unknown as UserConfig, { directory: at(`${name}-map`) })
    }
    const change = (to: string, from: string) => {
      const before = parametersOf(from)
      return parametersOf(to).map((v, i) => v - before[i])
    }
    expect(far(change('moved', 'other-map'), change('adapted', 'velocity-map'))).toBeLessThan(1e-6)
  })

  test('knows the scale that its base was guided at', async () => {
    const { guidance, ...rest } = readModel(at('velocity')).config
    const config = { ...rest, guidance: { ...guidance, baked: 2 } }
    writeFileSync(at('guided.safetensors'), encodeModelFile({ ...readModel(at('velocity')), config }))
    await merge(at('guided.safetensors'), at('adapted'), '--out', at('guided'))
    const { applied, scale } = JSON.parse(readFileSync(paths(at('guided')).config, 'utf8')).guidance
    expect([applied, scale]).toEqual(['baked', 2])
    const tuned = { ...common, steps: 2, objective: 'psd', initFrom: at('guided.safetensors') }
    const adapter = { rank: 1 }
    await train({ ...tuned, adapter } as unknown as UserConfig, { directory: at('guided-adapter') })
    expect(readRecord(at('guided-adapter')).config.guidance.baked).toBe(2)
  })
})

describe('is refused in a line', () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await merge(...args, '--out', at(`refused-${Math.random()}`))
    expect([code, stdout, stderr.split('\n').length]).toEqual([2, '', 2])
    return stderr
  }

  test('what is no adapter, or no base', async () => {
    expect(await refused(at('velocity'), at('nowhere'))).toMatch(/nowhere: no such run or adapter/)
    expect(await refused(at('velocity'), at('other'))).toMatch(/other: has no adapter\.safetensors; train an/)
    const model = paths(at('adapted')).model
    expect(await refused(at('velocity'), model)).toMatch(/expected an adapter, .*found a whole model/)
    expect(await refused(at('nowhere'), at('adapted'))).toMatch(/nowhere: no such run/)
    const { adapter } = paths(at('adapted'))
    expect(await refused(adapter, at('adapted'))).toMatch(
      /adapter\.safetensors: is an adapter, which is no model without its base/,
    )
  })

  test('an adapter on other shapes', async () => {
    await velocity({ network: { ...network, conditioning: 's', width: 16 } }, 'wide')
    expect(await refused(at('wide'), at('adapted'))).toMatch(
      /adapted: does not fit .*wide: network\.width is 16 there and 12 here/,
    )
    await velocity({ data: { glyphs: { size: 12 } } }, 'large')
    expect(await refused(at('large'), at('adapted'))).toMatch(
      /its points are \[8, 8, 1\], those of the base \[12, 12, 1\]/,
    )
    expect(await refused(at('velocity'), at('adapted'), '--weight', '-1')).toMatch(
      /adapted: changes time\.1\.0\.weight \[12, 10\], which is not there in the network of .*velocity/,
    )
  })

  test('a damaged file', async () => {
    cpSync(paths(at('adapted')).adapter, at('damaged.safetensors'))
    const bytes = readFileSync(at('damaged.safetensors'))
    bytes[bytes.length - 3] ^= 1
    writeFileSync(at('damaged.safetensors'), bytes)
    expect(await refused(at('velocity'), at('damaged.safetensors'))).toMatch(/damaged\.safetensors: /)
    const whole = decodeAdapterFile(readFileSync(paths(at('adapted')).adapter), 'adapter')
    const infinite = whole.parameters.slice().fill(Number.POSITIVE_INFINITY, 0, 1)
    writeFileSync(at('infinite.safetensors'), encodeAdapterFile({ ...whole, parameters: infinite }))
    expect(await refused(at('velocity'), at('infinite.safetensors'))).toMatch(/not finite/)
  })

  test('weights that are not one for each', async () => {
    expect(await refused(at('velocity'), at('adapted'), '--weight', '1,2')).toMatch(
      /--weight: expected one number, or one for each of 1 adapters; found 2/,
    )
    expect(await refused(at('velocity'), at('adapted'), '--weight', '1e300')).toMatch(/no finite numbers/)
    expect(await refused(at('velocity'), at('adapted'), '--wieght', '1')).toMatch(/unknown option/)
  })

  test('a directory that holds something', async () => {
    const { code, stderr } = await merge(at('velocity'), at('adapted'), '--out', at('style'))
    expect([code, stderr]).toEqual([2, expect.stringMatching(/style: already holds a run/)])
  })
})
