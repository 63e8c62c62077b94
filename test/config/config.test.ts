import { describe, expect, test } from 'vitest'
import { type Config, ConfigError, merge, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { objectives } from '../../src/objective/index.ts'
import { resumedConfig } from '../../src/training/resume.ts'

/** What an objective needs to be resolved at all. */
const needed = (id: string): UserConfig => {
  const { needs, defaults } = objectives.get(id)!
  const taught = needs.includes('teacher') || needs.includes('flow-map-teacher')
  const guided = defaults.guidance !== undefined
  return {
    objective: id,
    ...(taught && { teacher: 'exact' }),
    ...(guided && { condition: { kind: 'class' } }),
  }
}

/** What differs from the defaults of most, by objective; a new default must be written down here too. */
const pick = ({
  diagonal,
  consistency,
  times,
  loss,
  optimizer,
  target,
  ema,
  coupling,
  guidance,
}: Config) => ({
  diagonal: diagonal.objective,
  fraction: diagonal.fraction,
  weight: consistency.weight,
  times: times.law,
  mean: times.mean,
  deviation: times.deviation,
  equal: times.equal,
  gap: times.gap,
  loss: loss.kind,
  adaptive: loss.adaptive,
  clip: optimizer.clip,
  target,
  ema,
  coupling: coupling.kind,
  learned: loss.learned,
  rule: guidance.rule,
})

describe('defaults', () => {
  const usual = {
    diagonal: 'flow-matching',
    fraction: 0.3,
    weight: 1,
    times: 'triangle',
    mean: null,
    deviation: null,
    equal: 0,
    gap: 1,
    loss: 'mse',
    adaptive: null,
    clip: null,
    target: 'ema',
    ema: 0.995,
    coupling: 'independent',
    learned: false,
    rule: 'none',
  }
  const symbols = { ...usual, diagonal: 'cross-entropy', fraction: 0.5, clip: 1, target: 'student' }
  const taught = { ...usual, diagonal: 'teacher-velocity' }
  const alone = { ...usual, diagonal: null, fraction: 0 }
  const meanflow = { ...alone, times: 'logit-normal', mean: -0.4, deviation: 1, clip: 1 }
  const noisy = { ...alone, times: 'lognormal', mean: -1.1, deviation: 2 }
  const robust = { ...noisy, loss: 'pseudo-huber', target: 'student' }
  // The tangent of a fixed-point iteration, at its own size.
  const fixed = { ...alone, adaptive: { p: 0.5, c: 1e-2 }, clip: 1 }
  const expected: Record<string, Record<string, unknown>> = {
    'flow-matching': { ...usual, fraction: 1 },
    denoise: { ...usual, diagonal: 'denoise', fraction: 1 },
    gft: { ...usual, diagonal: 'gft', fraction: 1, rule: 'gft', target: 'student' },
    'teacher-velocity': { ...taught, fraction: 1 },
    itm: { ...usual, diagonal: 'itm', fraction: 1, coupling: 'samples' },
    'mfm-ft': { ...usual, diagonal: 'mfm-ft', fraction: 1 },
    reflow: { ...usual, fraction: 1, coupling: 'reflow' },
    psd: usual,
    semigroup: taught,
    shortcut: { ...usual, fraction: 0.75, times: 'dyadic' },
    splitmeanflow: taught,
    pfmm: alone,
    lmd: alone,
    'lmd-discrete': taught,
    lsd: { ...usual, weight: 0.02 },
    'ayf-lmd': fixed,
    tvm: alone,
    pid: alone,
    boot: alone,
    freeflow: { ...alone, adaptive: { p: 1, c: 1e-3 }, clip: 1 },
    emd: alone,
    'emd-discrete': taught,
    esd: { ...usual, weight: 0.1 },
    'ayf-emd': fixed,
    meanflow: { ...meanflow, equal: 0.75, adaptive: { p: 1, c: 1e-3 } },
    imf: { ...meanflow, equal: 0.5, adaptive: { p: 1, c: 1e-2 } },
    dmf: { ...alone, times: 'sorted-pair', equal: 0.5, learned: true, clip: 1 },
    alphaflow: { ...meanflow, equal: 0.5, adaptive: { p: 1, c: 1e-3 }, target: 'student' },
    soflow: {
      ...usual,
      fraction: 0.75,
      times: 'logit-normal',
      mean: -0.2,
      deviation: 1,
      adaptive: { p: 1, c: 1e-2 },
      clip: 1,
      target: 'student',
    },
    ct: alone,
    cd: alone,
    ict: robust,
    ect: robust,
    scm: { ...noisy, mean: -1, deviation: 1.4, clip: 1 },
    facm: fixed,
    ctm: alone,
    fmm: { ...alone, times: 'sorted-uniform', gap: { kind: 'linear', from: 0.25, to: 1, end: 0.5 } },
    cmt: { ...alone, coupling: 'trajectory' },
    'reward-backprop': alone,
    piflow: alone,
    falcon: { ...alone, times: 'sorted-uniform', equal: 0.4, clip: 1 },
    'weighted-flow-matching': { ...usual, diagonal: 'weighted-flow-matching', fraction: 1 },
    'reverse-kl': { ...alone, clip: 1 },
    'f2d2:diagonal': { ...usual, diagonal: 'f2d2:diagonal', fraction: 1 },
    'f2d2:shortcut': { ...usual, diagonal: 'f2d2:diagonal', fraction: 0.5, times: 'dyadic' },
    'f2d2:meanflow': { ...meanflow, equal: 0.75, adaptive: { p: 1, c: 1e-3 } },
    'f2d2:lsd': { ...usual, diagonal: 'f2d2:diagonal', fraction: 0.5, times: 'dyadic' },
    dmd: { ...alone, target: 'student' },
    'dmd-steps': { ...alone, target: 'student' },
    sid: { ...alone, target: 'student' },
    moment: { ...alone, target: 'student' },
    gan: { ...alone, target: 'student' },
    cafm: { ...usual, diagonal: 'cafm', fraction: 1 },
    imm: { ...alone, times: 'ratio-step', target: 'student' },
    drifting: { ...alone, target: 'student' },
    frechet: { ...alone, target: 'student' },
    'self-e': { ...usual, fraction: 0.5, target: 'student' },
    'tmd-head': { ...alone, equal: 0.75, target: 'student' },
    tmd: { ...alone, target: 'student' },
    'rmf-self': usual,
    'lmf-inverse': { ...alone, times: 'sorted-uniform', equal: 0.25 },
    'cross-entropy': { ...symbols, fraction: 1, target: 'ema' },
    'psd-simplex': symbols,
    'lsd-simplex': { ...symbols, weight: 0.1 },
    'esd-simplex': { ...symbols, weight: 0.1 },
    csd: symbols,
    ecld: { ...symbols, weight: 0.1 },
    'psd-velocity-simplex': { ...symbols, diagonal: 'flow-matching' },
    'fmlm-residual': { ...alone, times: 'argmax', clip: 1 },
  }
  test('are known of every row', () => {
    expect(Object.keys(expected)).toEqual([...objectives.keys()])
  })

  test.each(Object.entries(expected))('%s', (id, values) => {
    expect(pick(resolveConfig(needed(id)))).toEqual(values)
  })

  test.each([...objectives.keys()])('%s resolves, and again to the same', id => {
    const config = resolveConfig(needed(id))
    expect(resolveConfig(config)).toEqual(config)
    expect(resolveConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
  })

  test('one seed sets all that are not set', () => {
    expect(resolveConfig({ seed: 5 }).seeds).toEqual({ data: 5, noise: 5, initialization: 5 })
    expect(resolveConfig({ seed: 5, seeds: { noise: 9 } }).seeds).toEqual({
      data: 5,
      noise: 9,
      initialization: 5,
    })
  })

  test('a schedule of the objective is replaced whole, by a number or another', () => {
    const gapOf = (gap: unknown) => resolveConfig({ objective: 'fmm', times: { gap } }).times.gap
    expect(gapOf(0.5)).toBe(0.5)
    const other = { kind: 'cosine', from: 0.1, to: 0.9 }
    expect(gapOf(other)).toEqual(other)
    const { options } = resolveConfig({ objective: 'alphaflow', options: { alpha: 0.25 } })
    expect(options).toEqual({ alpha: 0.25 })
  })

  test('what a user writes wins over the objective, key by key', () => {
    const { times, optimizer } = resolveConfig({
      objective: 'meanflow',
      times: { mean: 0 },
      optimizer: { beta2: 0.95 },
    })
    expect(times).toMatchObject({ law: 'logit-normal', mean: 0, deviation: 1, equal: 0.75 })
    expect(optimizer).toMatchObject({ clip: 1, beta2: 0.95, beta1: 0.9 })
  })

  test('resolving changes neither what it is given nor the defaults', () => {
    const user: UserConfig = Object.freeze({ network: Object.freeze({ hidden: 8 }) })
    resolveConfig(user)
    expect(resolveConfig({}).network.hidden).toBe(256)
  })
})

test('no steps are a start for more, whose warm-up may be written already', () => {
  const none = { steps: 0, initFrom: 'run', schedule: { warmup: 5 } }
  expect(resumedConfig(resolveConfig(none), { steps: 50 }).steps).toBe(50)
  expect(() => resolveConfig({ ...none, initFrom: null })).toThrow(
    /^steps: 0 is only useful with --init-from RUN/,
  )
})

describe('merge', () => {
  test('goes into blocks and replaces everything else whole', () => {
    const under = { a: { b: 1, c: [1, 2] }, data: { mixture: 1 }, d: { e: 1 } }
    const over = { a: { c: [3] }, data: { gaussian: 2 }, d: null }
    expect(merge(under, over)).toEqual({ a: { b: 1, c: [3] }, data: { gaussian: 2 }, d: null })
    expect(under).toEqual({ a: { b: 1, c: [1, 2] }, data: { mixture: 1 }, d: { e: 1 } })
  })

  test('does not touch prototypes', () => {
    expect(() => merge({}, JSON.parse('{"__proto__": {"batch": 1}}'))).toThrow(ConfigError)
    expect(() => resolveConfig(JSON.parse('{"network": {"__proto__": {}}}'))).toThrow(ConfigError)
  })
})

describe('resumedConfig', () => {
  const recorded = resolveConfig({ objective: 'lsd', seed: 3 })

  test('lets a run go on longer, log and save more often', () => {
    const changes = { steps: 9000, logEvery: 10, checkpointEvery: 20, chunk: 5 }
    expect(resumedConfig(recorded, changes)).toEqual({ ...recorded, ...changes })
  })

  test('takes what is the same as before, said again', () => {
    expect(resumedConfig(recorded, { seed: 3, objective: 'lsd', network: { hidden: 192 } })).toEqual(recorded)
  })

  test.each<[string, UserConfig]>([
    ['seeds.data, seeds.noise, seeds.initialization', { seed: 4 }],
    ['seeds.noise', { seeds: { noise: 4 } }],
    ['network.hidden', { network: { hidden: 64 } }],
    ['optimizer.learningRate', { optimizer: { learningRate: 1 } }],
    ['data', { data: 'checkerboard' }],
    ['ema', { ema: 0.9 }],
  ])('refuses another %s', (key, changes) => {
    expect(() => resumedConfig(recorded, changes)).toThrow(
      new RegExp(`^${key}: cannot change when a run is resumed \\(recorded .*, asked .*\\)`),
    )
  })

  test('names the keys that differ alone, with short values', () => {
    const name = 'x'.repeat(100)
    const refused = (changes: UserConfig) => () => resumedConfig(recorded, changes)
    const { hidden, layers } = recorded.network as unknown as { hidden: number; layers: number }
    expect(refused({ network: { hidden: 7, layers: 5 }, data: name })).toThrow(
      `data, network.hidden, network.layers: cannot change when a run is resumed (recorded ${JSON.stringify(recorded.data)} / ${hidden} / ${layers}, asked "${'x'.repeat(56)}... / 7 / 5); only steps, logEvery, checkpointEvery, chunk, log can`,
    )
    expect(refused({ seed: 9, network: { hidden: 7, layers: 5 } })).toThrow(
      /^\S+, \S+, \S+, \S+, and 1 more: cannot/,
    )
  })
})
