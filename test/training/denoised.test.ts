import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { metricsOf, quick } from '../helpers/training.ts'

const folder = temporaryFolder('denoised')
const velocity = join(folder, 'velocity')
const network = { ...quick.network, parameterization: 'denoised' } as const

/** `V = (x - N)/s` where `s` comes to 0, which solvers and teachers ask for. */
describe('a denoised velocity', () => {
  beforeAll(() =>
    train(
      { ...quick, objective: 'flow-matching', network: { ...network, conditioning: 's' }, steps: 600 },
      { directory: velocity },
    ),
  )

  test('is followed down to the data by Heun', async () => {
    const { rows } = await evaluateRun(velocity, {
      method: 'heun',
      steps: [8],
      count: 200,
      metrics: ['trajectoryError'],
      seed: 1,
      weights: ['ema'],
    })
    expect(rows[0].metrics.trajectoryError.value).toBeLessThan(0.5)
  })

  test.each(['lmd', 'reflow'])('teaches %s', async objective => {
    const directory = join(folder, objective)
    const coupling = { pairs: 512, steps: 8 }
    await train({ ...quick, objective, teacher: velocity, coupling, steps: 100 }, { directory })
    const { terms } = metricsOf(directory).at(-1)!
    expect(Object.values(terms)[0].residual).toBeLessThan(2)
  })

  test('is trained at times that come near 0', async () => {
    const directory = join(folder, 'near')
    const times = { law: 'logit-normal', mean: -4 } as const
    await train({ ...quick, objective: 'flow-matching', network, times, steps: 100 }, { directory })
    expect(metricsOf(directory).at(-1)!.terms.diagonal.residual).toBeLessThan(30)
  })
})

test.each([
  [
    { kind: 'gaussian', center: [0, 0, 0] },
    'center: expected 2 numbers for mixture, or one for all; found 3',
  ],
  [{ kind: 'gaussians', centers: [[0], [1]] }, 'centers: expected centres of 2 numbers for mixture; found 1'],
  [
    { kind: 'gaussians', centers: [[0, 1]], scale: [1, 1, 1] },
    'scale: expected 2 numbers for mixture, or one for all; found 3',
  ],
])('a reward that does not fit the data is refused before any work: %j', async (reward, message) => {
  const asked = { ...quick, objective: 'itm', teacher: 'exact', options: { reward } }
  await expect(train(asked, { directory: join(folder, 'tilt') })).rejects.toThrow(`options.reward.${message}`)
})
