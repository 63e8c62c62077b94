import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { interpolants } from '../../src/model/index.ts'
import type { SamplingMethod } from '../../src/sampler/names.ts'
import { gaussianField, run, worst } from './solver-world.ts'

interface Case {
  readonly method: SamplingMethod
  readonly options: object
  readonly scheduler: string
  readonly times: readonly number[]
  readonly end: readonly (readonly number[])[]
}

const { data, start, noise, cases } = JSON.parse(
  readFileSync(new URL('../fixtures/diffusers-schedulers.json', import.meta.url), 'utf8'),
) as {
  data: { mean: number; deviation: number }
  start: number[][]
  noise: number[][][]
  cases: Case[]
}

/** Made by bench/python/diffusers_schedulers.py; that library counts its steps from 0, and the path from 1 to 1000. */
test.each(cases)("$method $options is diffusers' $scheduler", ({ method, options, times, end }) => {
  const path = interpolants['ddpm-linear']
  const grid = [...times.map(k => (k + 1) / 1000), 0]
  const field = gaussianField(path, data.mean, data.deviation)
  const ours = run(method, options, path, field, Float64Array.from(start.flat()), grid, k =>
    Float64Array.from(noise[k].flat()),
  )
  // Its tables of betas are in single precision.
  expect(worst(ours, Float64Array.from(end.flat()))).toBeLessThan(2e-5)
})
