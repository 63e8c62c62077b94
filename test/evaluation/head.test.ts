import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { quick } from '../helpers/training.ts'

const folder = temporaryFolder('head-measures')
const at = (name: string) => join(folder, name)
const request = { method: 'auto', count: 400, seed: 1, weights: ['ema'] } as const

/** Three coordinates, of which a quadrature is no more asked for. */
const inSpace = {
  mixture: { components: [{ weight: 1, mean: [0.5, -0.5, 0], std: 0.6 }] },
}

const head = (change: UserConfig = {}): UserConfig => ({
  ...quick,
  objective: 'f2d2:shortcut',
  teacher: 'exact',
  ...change,
})

describe('what a divergence head says of data', () => {
  beforeAll(async () => {
    await train(head({ steps: 600 }), { directory: at('plane') })
    await train(head({ steps: 600, data: inSpace }), { directory: at('space') })
    await train({ ...quick, objective: 'psd', steps: 20 }, { directory: at('plain') })
  })

  test('is a likelihood near the true one, with its mass beside it', async () => {
    const { rows } = await evaluateRun(at('plane'), { ...request, steps: [1, 4], metrics: ['headNLL'] })
    for (const { metrics } of rows) {
      expect(Object.keys(metrics)).toEqual(['headNLL', 'mass'])
      const { headNLL, mass } = metrics
      expect(headNLL.unit).toBe('nats')
      expect(Math.abs(headNLL.value! - headNLL.floor!)).toBeLessThan(0.5)
      expect(mass.floor).toBe(1)
      expect([headNLL.direction, mass.direction]).toEqual(['nearest', 'nearest'])
      expect(Math.abs(mass.value! - 1)).toBeLessThan(1.5)
      expect(mass.note).toBeUndefined()
    }
    expect(rows[1].metrics.headNLL.value).not.toBe(rows[0].metrics.headNLL.value)
  })

  test('in more coordinates its mass is taken over own samples', async () => {
    const { rows } = await evaluateRun(at('space'), { ...request, steps: [2], metrics: ['headNLL', 'mass'] })
    const { mass, headNLL } = rows[0].metrics
    expect(mass.note).toMatch(/^over the map's own samples/)
    expect(Math.abs(mass.value! - 1)).toBeLessThan(0.5)
    expect(mass.interval![0]).toBeLessThan(mass.value!)
    expect(Math.abs(headNLL.value! - headNLL.floor!)).toBeLessThan(0.5)
  })

  test('is not measured without a head', async () => {
    for (const name of ['headNLL', 'mass']) {
      await expect(evaluateRun(at('plain'), { ...request, steps: [1], metrics: [name] })).rejects.toThrow(
        `metrics: ${name} needs a run with a divergence head: --objective f2d2:shortcut`,
      )
    }
    const { rows } = await evaluateRun(at('plain'), { ...request, steps: [1], metrics: 'all' })
    expect(rows[0].metrics).not.toHaveProperty('headNLL')
  })

  test('is left out where the velocity is followed', async () => {
    const { rows } = await evaluateRun(at('plane'), {
      ...request,
      method: 'euler',
      steps: [2],
      metrics: ['headNLL'],
    })
    expect(rows[0].metrics).toEqual({})
  })
})
