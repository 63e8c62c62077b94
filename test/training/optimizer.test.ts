import { describe, expect, test } from 'vitest'
import { evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { random } from '../../src/random/random.ts'
import { optimizerOf } from '../../src/training/optimizer/optimizers.ts'
import { learningRate, RATES, writeRates } from '../../src/training/optimizer/rates.ts'
import { clipByNorm } from '../../src/training/optimizer/transformation.ts'
import { value } from '../autodiff/values.ts'

type Settings = UserConfig['optimizer']

/** Some smooth gradient that depends on the parameters and the step. */
const gradientAt = (parameters: readonly number[], step: number) =>
  parameters.map((p, i) => 2 * p - i + 0.3 * Math.sin(step + i) + 5 * random(1, step, i).normal())

const start = [0.5, -1, 2, 1e-3]

/** Parameters after each of so many steps of ours. @param size  multiplies the gradients */
function ours(
  settings: Settings,
  steps: number,
  schedule: UserConfig['schedule'] = {},
  size = 1,
): number[][] {
  const config = resolveConfig({
    objective: 'lsd',
    optimizer: settings,
    schedule,
    steps: Math.max(steps, 100),
  })
  const optimizer = optimizerOf(config.optimizer, { parameters: { all: { shape: [start.length] } } })
  const vector = spec([start.length], 'float64')
  const graph = trace(
    ({ rates, parameters, gradient, first, second }) => {
      const { update, state } = optimizer.update(
        { parameters, direction: gradient, rates },
        { first, second },
      )
      return [update.parameters.sub(update.direction), state.first, state.second]
    },
    { rates: spec([RATES], 'float64'), parameters: vector, gradient: vector, first: vector, second: vector },
  )
  let [parameters, first, second] = [value(start), value(start.map(() => 0)), value(start.map(() => 0))]
  const path: number[][] = []
  for (let step = 1; step <= steps; step++) {
    const rates = new Float32Array(RATES)
    writeRates(config, step, rates)
    const gradient = value(gradientAt([...parameters.data], step).map(g => size * g))
    ;[parameters, first, second] = evaluate(graph, [value([...rates]), parameters, gradient, first, second])
    path.push([...parameters.data])
  }
  return path
}

/**
 * Adam as Kingma & Ba write it (algorithm 1), with PyTorch's two decays: added to the gradient by `Adam`, taken from the
 * parameters before the step by `AdamW`. https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
function textbook(settings: Settings, steps: number): number[][] {
  const { optimizer } = resolveConfig({ objective: 'lsd', optimizer: settings })
  const { name, learningRate: lr, beta1, beta2, epsilon, weightDecay } = optimizer
  let parameters = start
  const [m, v] = [start.map(() => 0), start.map(() => 0)]
  return Array.from({ length: steps }, (_, index) => {
    const i = index + 1
    const gradient = gradientAt(parameters, i)
    parameters = parameters.map((p, k) => {
      const g = name === 'adam' ? gradient[k] + weightDecay * p : gradient[k]
      const kept = name === 'adamw' ? p * (1 - lr * weightDecay) : p
      m[k] = beta1 * m[k] + (1 - beta1) * g
      v[k] = beta2 * v[k] + (1 - beta2) * g * g
      const [mHat, vHat] = [m[k] / (1 - beta1 ** i), v[k] / (1 - beta2 ** i)]
      return kept - (lr * mHat) / (Math.sqrt(vHat) + epsilon)
    })
    return parameters
  })
}

/** The rates are fed in float32. */
function expectClose(found: readonly number[][], expected: readonly number[][]): void {
  found.forEach((row, i) => {
    row.forEach((p, k) => {
      expect(Math.abs(p - expected[i][k])).toBeLessThan(1e-6 * (1 + Math.abs(expected[i][k])))
    })
  })
}

const SETTINGS: Record<string, Settings> = {
  'Adam with the defaults': {},
  'Adam with weight decay': { weightDecay: 0.1, learningRate: 0.02 },
  AdamW: { name: 'adamw', weightDecay: 0.1, learningRate: 0.02 },
  'AdamW without decay': { name: 'adamw' },
  'other betas': { beta1: 0.5, beta2: 0.9, learningRate: 0.05 },
  'no memory': { beta1: 0, beta2: 0, learningRate: 0.05 },
  'a large epsilon': { epsilon: 0.1, learningRate: 0.05 },
}

describe('adam', () => {
  test.each(Object.entries(SETTINGS))('is the textbook: %s', (_, settings) => {
    expectClose(ours(settings, 200), textbook(settings, 200))
  })

  test('tells its variants apart', () => {
    const [plain, decayed, decoupled] = ['Adam with the defaults', 'Adam with weight decay', 'AdamW'].map(
      name => ours(SETTINGS[name], 20).at(-1)!,
    )
    expect(Math.abs(decayed[2] - decoupled[2])).toBeGreaterThan(1e-4)
    expect(Math.abs(decayed[2] - plain[2])).toBeGreaterThan(1e-4)
  })

  test('first moves each parameter by the learning rate, against its gradient', () => {
    const gradient = gradientAt(start, 1)
    ours({ learningRate: 0.01 }, 1)[0].forEach((p, i) => {
      expect(p).toBeCloseTo(start[i] - 0.01 * Math.sign(gradient[i]), 8)
    })
  })

  test('follows the schedule, also in the decay of AdamW', () => {
    const [slow] = ours({ name: 'adamw', learningRate: 0.1, weightDecay: 0.5 }, 1, { warmup: 100 })
    expectClose([slow], textbook({ name: 'adamw', learningRate: 0.001, weightDecay: 0.5 }, 1))
  })
})

/**
 * RAdam as Liu et al. write it (algorithm 2), with Adam's epsilon, which they leave out, and a decoupled decay as in their
 * code.
 */
function rectified(settings: Settings, steps: number): number[][] {
  const { optimizer } = resolveConfig({ objective: 'lsd', optimizer: settings })
  const { learningRate: alpha, beta1, beta2, epsilon, weightDecay } = optimizer
  const rhoInf = 2 / (1 - beta2) - 1
  const [m, v] = [start.map(() => 0), start.map(() => 0)]
  const path: number[][] = []
  let parameters = start
  for (let t = 1; t <= steps; t++) {
    const gradient = gradientAt(parameters, t)
    const rho = rhoInf - (2 * t * beta2 ** t) / (1 - beta2 ** t)
    parameters = parameters.map((p, k) => {
      m[k] = beta1 * m[k] + (1 - beta1) * gradient[k]
      v[k] = beta2 * v[k] + (1 - beta2) * gradient[k] ** 2
      const mHat = m[k] / (1 - beta1 ** t)
      const kept = p * (1 - alpha * weightDecay)
      if (rho <= 4) return kept - alpha * mHat
      const r = Math.sqrt(((rho - 4) * (rho - 2) * rhoInf) / ((rhoInf - 4) * (rhoInf - 2) * rho))
      return kept - (alpha * r * mHat) / (Math.sqrt(v[k] / (1 - beta2 ** t)) + epsilon)
    })
    path.push(parameters)
  }
  return path
}

describe('radam', () => {
  const radam = { name: 'radam', learningRate: 0.02 } as const

  test.each<[string, Settings]>([
    ['the defaults', radam],
    ['beta2 of the recipes', { ...radam, beta2: 0.95 }],
    ['weight decay', { ...radam, weightDecay: 0.1 }],
    ['a short memory', { ...radam, beta2: 0.5 }],
  ])('is the paper: %s', (_, settings) => {
    expectClose(ours(settings, 200), rectified(settings, 200))
  })

  test('is momentum without a second moment for its first four steps, and then not', () => {
    const grown = ours(radam, 5, {}, 10)
    const m = start.map(() => 0)
    let parameters = start
    grown.forEach((found, index) => {
      const gradient = gradientAt(parameters, index + 1).map(g => 10 * g)
      parameters = parameters.map((p, k) => {
        m[k] = 0.9 * m[k] + 0.1 * gradient[k]
        return p - (0.02 * m[k]) / (1 - 0.9 ** (index + 1))
      })
      if (index < 4) expectClose([found], [parameters])
      else expect(Math.abs(found[0] - parameters[0])).toBeGreaterThan(0.01)
    })
  })

  test('comes to be Adam', () => {
    const [late, adam] = [radam, { learningRate: 0.02 }].map(settings => {
      const config = resolveConfig({ objective: 'lsd', optimizer: settings, steps: 100_000 })
      const rates = new Float32Array(RATES)
      writeRates(config, 50_000, rates)
      return rates
    })
    late.forEach((rate, i) => {
      expect(rate).toBeCloseTo(adam[i], 4)
    })
  })
})

describe('learningRate', () => {
  const at = (schedule: UserConfig['schedule'], step: number) =>
    learningRate(
      resolveConfig({ objective: 'lsd', optimizer: { learningRate: 2 }, schedule, steps: 1000 }),
      step,
    )

  test('stays by default', () => {
    for (const step of [1, 500, 1000]) expect(at({}, step)).toBe(2)
  })

  test.each(['constant', 'cosine', 'inverse-sqrt'] as const)('warms up linearly before %s', kind => {
    expect(at({ kind, warmup: 100 }, 1)).toBeCloseTo(0.02, 12)
    expect(at({ kind, warmup: 100 }, 50)).toBeCloseTo(1, 12)
    expect(at({ kind, warmup: 100 }, 100)).toBeCloseTo(2, 12)
    expect(at({ kind, warmup: 100 }, 101)).toBeCloseTo(2, 1)
  })

  test('falls along half a cosine to its final part', () => {
    expect(at({ kind: 'cosine' }, 500)).toBeCloseTo(1, 12)
    expect(at({ kind: 'cosine' }, 250)).toBeCloseTo(1 + Math.SQRT1_2, 12)
    expect(at({ kind: 'cosine' }, 1000)).toBeCloseTo(0, 12)
    expect(at({ kind: 'cosine', final: 0.1 }, 1000)).toBeCloseTo(0.2, 12)
    expect(at({ kind: 'cosine', warmup: 200 }, 600)).toBeCloseTo(1, 12)
  })

  test('falls with the root of the steps since the warm-up', () => {
    expect(at({ kind: 'inverse-sqrt', warmup: 100 }, 400)).toBeCloseTo(1, 12)
    expect(at({ kind: 'inverse-sqrt', warmup: 100 }, 900)).toBeCloseTo(2 / 3, 12)
    expect(at({ kind: 'inverse-sqrt' }, 16)).toBeCloseTo(0.5, 12)
  })
})

describe('clipByNorm', () => {
  const clipped = (gradient: readonly number[], limit: number) => {
    const graph = trace(
      g => clipByNorm(limit).update({ parameters: g, direction: g, rates: g }, {}).update.direction,
      spec([gradient.length], 'float64'),
    )
    return [...evaluate(graph, [value(gradient)])[0].data]
  }

  test('shortens a long gradient to the limit and keeps its direction', () => {
    const [x, y] = clipped([30, 40], 5)
    expect(x).toBeCloseTo(3, 6)
    expect(y).toBeCloseTo(4, 6)
  })

  test('leaves a short gradient alone, and zero', () => {
    expect(clipped([0.3, -0.4], 5)).toEqual([0.3, -0.4])
    expect(clipped([0, 0], 5)).toEqual([0, 0])
  })
})
