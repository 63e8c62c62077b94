import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { evaluate, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { importModel } from '../../src/importing/import.ts'
import type { ImportOptions } from '../../src/importing/reading.ts'
import { load } from '../../src/index.ts'
import { random } from '../../src/random/random.ts'
import { asRowMap, type Model } from '../../src/serialization/model.ts'
import { encodeSafetensors, type StoredTensor } from '../../src/serialization/safetensors.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { published, publishedWeights, type Sizes } from './dit-layout.ts'

const folder = temporaryFolder('dit-layout')

const sizes: Sizes = {
  ...{ size: 6, channels: 3, patch: 2, width: 16, depth: 2, heads: 4, hidden: 24 },
  ...{ frequencies: 5, classes: 4, learnsSigma: true },
}
const tensors = publishedWeights(sizes)

const options = (change: Partial<ImportOptions> = {}): ImportOptions => ({
  convention: 'flow-matching',
  config: { network: { heads: 4 } },
  guidanceApplied: 'none',
  ...change,
})
const imported = (all: Record<string, StoredTensor> = tensors, change: Partial<ImportOptions> = {}) =>
  importModel({ tensors: all }, 'dit.safetensors', options(change))

/** The velocity of a model in float64 for the null, at one point and time, rows first and channels last. */
function velocityAt(model: Model, x: Float64Array, s: number): Float64Array {
  const graph = simplify(
    trace(({ x, s }) => asRowMap(model).velocity(x, s), {
      x: spec([1, x.length], 'float64'),
      s: spec([1, 1], 'float64'),
    }),
  )
  return evaluate(graph, [
    { shape: [1, x.length], data: x },
    { shape: [1, 1], data: Float64Array.of(s) },
  ])[0].data
}

const source = random(1, 'picture')
const { size, channels } = sizes
const x = Float64Array.from({ length: size * size * channels }, () => source.normal())
const at = (channel: number, row: number, column: number) => x[(row * size + column) * channels + channel]

/** What the file's own program gives, in our order. */
const theirs = (time: number, label: number, own = sizes, weights = tensors): Float64Array => {
  const value = published(own, weights, at, time, label)
  return x.map((_, i) =>
    value(i % channels, Math.floor(i / channels / size), Math.floor(i / channels) % size),
  )
}

const apart = (a: Float64Array, b: Float64Array): number =>
  a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)

describe('weights in the layout of DiT', () => {
  test.each([
    ['flow-matching', (s: number) => 1 - s, -1],
    ['diffusers', (s: number) => 1000 * s, 1],
  ] as const)('of the convention %s are the same function', (convention, time, sign) => {
    const { model, unread } = imported(tensors, { convention })
    expect(unread).toEqual([])
    expect(model.config).toMatchObject({
      objective: 'flow-matching',
      condition: { kind: 'class' },
      network: { kind: 'dit', width: 16, depth: 2, heads: 4, hidden: 24, patch: 2, conditioning: 's' },
    })
    expect(model.data).toMatchObject({ shape: [6, 6, 3], labels: { names: ['0', '1', '2', '3'] } })
    for (const s of [0.15, 0.8]) {
      const expected = theirs(time(s), sizes.classes).map(value => sign * value)
      expect(apart(velocityAt(model, x, s), expected)).toBeLessThan(3e-5)
      expect(Math.max(...expected)).toBeGreaterThan(0.5)
    }
  })

  test('may come behind the names of their program, without a variance and without positions', () => {
    const own = { ...sizes, learnsSigma: false }
    const weights = publishedWeights(own)
    const { pos_embed: _, ...rest } = weights
    const behind = Object.fromEntries(Object.entries(rest).map(([name, tensor]) => [`ema.${name}`, tensor]))
    const data = {
      name: 'pictures',
      dimension: 108,
      shape: [6, 6, 3],
      fingerprint: { sha256: 'a', rows: 1, minimum: [], maximum: [] },
    }
    const { model } = imported(behind, { data: data as never })
    const expected = theirs(1 - 0.4, own.classes, own, weights).map(value => -value)
    expect(apart(velocityAt(model, x, 0.4), expected)).toBeLessThan(3e-5)
  })

  test('are a run that is told its classes and sampled', async () => {
    const file = join(folder, 'published.safetensors')
    writeFileSync(file, encodeSafetensors({ tensors, metadata: {} }))
    const run = join(folder, 'run')
    const flags = ['--convention', 'flow-matching', '--network.heads', '4', '--guidance-applied', 'none']
    const { code, stdout, stderr } = await runHere(['import', file, ...flags, '--out', run])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('blocks.1.attn.qkv.weight -> blocks.1.qkv.weight')
    const map = await load(run)
    const point = Float32Array.from(x)
    const found = await map.given({ class: 2 }).velocity(point, 0.7)
    await map.close()
    const expected = theirs(1 - 0.7, 2).map(value => -value)
    expect(apart(Float64Array.from(found), expected)).toBeLessThan(1e-4)
  })

  test('are refused in one line where they are something else', () => {
    const without = (name: string) =>
      Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name))
    const extra = (name: string) => ({ ...tensors, [name]: tensors['x_embedder.proj.bias'] })
    const twice = {
      ...tensors,
      ...Object.fromEntries(Object.entries(tensors).map(([k, v]) => [`ema.${k}`, v])),
    }
    const moved = {
      ...tensors,
      pos_embed: { ...tensors.pos_embed, data: tensors.pos_embed.data.map(v => -v) },
    }
    const cases: [() => unknown, RegExp][] = [
      [
        () => imported(without('blocks.1.attn.proj.bias')),
        /tensor blocks\.1\.attn\.proj\.bias: expected one, found nothing$/,
      ],
      [
        () => imported(without('blocks.0.mlp.fc1.weight')),
        /tensor blocks\.0\.mlp\.fc1\.weight: expected 2 axes, found nothing/,
      ],
      [
        () => imported(extra('blocks.0.attn.q_norm.weight')),
        /tensor blocks\.0\.attn\.q_norm\.weight is none of DiT's layout/,
      ],
      [() => imported(twice), /holds 2 transformers/],
      [
        () => imported(moved),
        /tensor pos_embed \[1, 9, 16\] is not the table of sines and cosines of 6 x 6 pixels/,
      ],
      [() => imported(without('pos_embed')), /^data: the weights do not tell how large their pictures are/],
      [
        () => imported(tensors, { config: {} }),
        /^network\.heads: the weights do not tell .*--network\.heads 1$/,
      ],
      [
        () => imported(tensors, { config: { network: { heads: 4, width: 8 } } }),
        /^network\.width: the weights have 16, found 8$/,
      ],
      [
        () => imported(tensors, { convention: 'oxbow' }),
        /^inputs: the weights embed one time .*found x,s,t;/,
      ],
      [() => imported(tensors, { features: 'sin,cos' }), /^features: is fixed by the layout of DiT/],
      [
        () =>
          imported(tensors, {
            data: { name: 'few', shape: [6, 6, 3], dimension: 108, labels: { names: ['a', 'b'] } } as never,
          }),
        /^data: few has 2 classes, the weights 4$/,
      ],
      [
        () => imported(tensors, { data: { name: 'grey', shape: [6, 6, 1], dimension: 36 } as never }),
        /^data: grey has points \[6, 6, 1\], the weights are of pictures with 3 channels$/,
      ],
    ]
    for (const [run, message] of cases) {
      expect(run).toThrow(message)
      expect(run).toThrow(/^[^\n]*$/)
    }
  })
})
