import { join } from 'node:path'
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { constant } from '../../src/autodiff/index.ts'
import type { UserConfig } from '../../src/config/index.ts'
import { load } from '../../src/serialization/load.ts'
import { asMap, encodeOnnxModel, type Model } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { train } from '../../src/training/train.ts'
import { valuesOf } from '../autodiff/values.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { quick } from '../helpers/training.ts'

const folder = temporaryFolder('log-density-change')
const at = (name: string) => join(folder, name)
const head: UserConfig = { ...quick, objective: 'f2d2:meanflow', steps: 40, batch: 32 }

/** Points, and times in both orders. */
const X = [0.3, -1, 1.5, 0.2, -0.7, 0.9]
const S = [0.8, 0.3, 1]
const T = [0.1, 0.9, 0]

/** Alike but for the rounding of 32-bit floats. */
function expectClose(found: ArrayLike<unknown>, wanted: ArrayLike<number>) {
  expect(found).toHaveLength(wanted.length)
  for (let i = 0; i < wanted.length; i++) expect(found[i]).toBeCloseTo(wanted[i], 5)
}

async function runOnnx(bytes: Uint8Array) {
  const session = await InferenceSession.create(bytes)
  const found = await session.run({
    x: new OnnxTensor('float32', Float32Array.from(X), [3, 2]),
    s: new OnnxTensor('float32', Float32Array.from(S), [3]),
    t: new OnnxTensor('float32', Float32Array.from(T), [3]),
  })
  return { names: session.outputNames, found }
}

/** `V` and `A` of standardised points. */
const ofMap = (model: Model, points: readonly number[]) =>
  valuesOf(() => {
    const map = asMap(model, 'float64')
    const x = constant([...points], [3, 2], 'float64')
    const [s, t] = [S, T].map(times => constant(times, [3, 1], 'float64'))
    return { y: map.jump(x, s, t), volume: t.sub(s).mul(map.divergence!(x, s, t)) }
  }).map(({ data }) => data)

describe('an exported map with a divergence head', () => {
  beforeAll(async () => {
    await train({ ...head, standardize: 'none' }, { directory: at('plain') })
    await train({ ...head, standardize: 'column' }, { directory: at('scaled') })
    await train({ ...quick, objective: 'psd', steps: 10 }, { directory: at('without') })
  })

  test('has a second output, which runs and gives what the head says', async () => {
    const model = readModel(at('plain'), 'ema')
    const { names, found } = await runOnnx(encodeOnnxModel(model))
    expect(names).toEqual(['y', 'logDensityChange'])
    expect(found.logDensityChange.dims).toEqual([3])
    const [y, volume] = ofMap(model, X)
    expectClose(found.y.data, y)
    expectClose(
      found.logDensityChange.data,
      volume.map(value => -value),
    )
    expect(volume.every(value => Math.abs(value) > 1e-3)).toBe(true)
  })

  test('is in the units of the data where these are standardised', async () => {
    const model = readModel(at('scaled'), 'ema')
    const { shift, scale } = model.data.standardization!
    const unit = (k: number, time: number) => time + (1 - time) * scale[k]
    const z = X.map((x, i) => {
      const [k, s] = [i % 2, S[Math.floor(i / 2)]]
      return (x - (1 - s) * shift[k]) / unit(k, s)
    })
    const [, volume] = ofMap(model, z)
    const { found } = await runOnnx(encodeOnnxModel(model))
    found.logDensityChange.data.forEach((value, i) => {
      const units = [0, 1].reduce((sum, k) => sum + Math.log(unit(k, T[i]) / unit(k, S[i])), 0)
      expect(value).toBeCloseTo(-volume[i] - units, 5)
      expect(Math.abs(units)).toBeGreaterThan(1e-3)
    })
  })

  test('is still opened as a map', async () => {
    const map = await load(join(at('plain'), 'model.onnx'))
    const own = await load(at('plain'))
    const x = Float32Array.from(X)
    expectClose(await map.jump(x, 0.8, 0.1), await own.jump(x, 0.8, 0.1))
    await map.close()
    await own.close()
  })

  test('without a head there is one output', async () => {
    const { names } = await runOnnx(encodeOnnxModel(readModel(at('without'), 'ema')))
    expect(names).toEqual(['y'])
  })
})
