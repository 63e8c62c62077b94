import { describe, expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/index.ts'
import type { MetricsLine } from '../../src/serialization/metrics-log.ts'
import { readMetrics, readRecord } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { verdictOf } from '../../src/training/verdict.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const config = resolveConfig({ objective: 'meanflow', optimizer: { clip: null } })

/** Lines whose residuals are these, of two terms; their loss is adaptive and so near 1. */
const lines = (residuals: readonly number[]): MetricsLine[] =>
  residuals.map((residual, i) => ({
    step: i === 0 ? 1 : 100 * i,
    loss: 1,
    terms: {
      diagonal: { loss: 0.5, residual: residual / 4 },
      jumps: { loss: 0.5, residual: (3 * residual) / 4 },
    },
    gradientNorm: 1,
    learningRate: 1e-3,
    stepsPerSecond: 1,
  }))

const verdict = (...residuals: number[]) => verdictOf(lines(residuals), config)!

describe('the verdict on a training', () => {
  test.each([
    [[3.4, 1, 0.12], 'residual 0.12, down from 3.4'],
    [[9, 8, 20], 'residual 20, up from 9.0'],
    [[0.48, 0.46, 0.47], 'residual 0.47, about as at the beginning (0.48)'],
    [[2.5], 'residual 2.5'],
  ])('%j: %s', (residuals, text) => {
    expect(verdict(...residuals)).toMatchObject({ diverged: false, text })
  })

  test('says that one diverged, with what may help', () => {
    const found = verdict(2.1, 40, 1.5e11)
    expect(found.diverged).toBe(true)
    expect(found.text).toMatch(/^the residual grew from 2\.1 to 1\.5e11: the training diverged; try a lower/)
    expect(found.text).toContain('--optimizer.clip 1')
    expect(verdict(2, Number.NaN).diverged).toBe(true)
    expect(verdict(2, 1, Infinity).diverged).toBe(true)
  })

  test('one that blew up and ended where nothing moves it any more diverged too', () => {
    expect(verdict(9.2, 3e7, 12, 11, 11)).toMatchObject({ diverged: true })
    expect(verdict(9.2, 3e7, 12, 11, 11).text).toContain('rose from 9.2 to 3.0e7 and ended at 11')
  })

  test('one that came back from a peak, and one whose residual is next to nothing when it begins, did not', () => {
    expect(verdict(0.07, 7, 0.0004).diverged).toBe(false)
    const initFrom = '/runs/before'
    expect(verdictOf(lines([1e-5, 5e-4, 4e-4]), { ...config, initFrom })!.diverged).toBe(false)
    expect(verdictOf(lines([1e-5, 5, 9]), { ...config, initFrom })!.diverged).toBe(true)
  })

  test('nothing is said of a run without lines', () => {
    expect(verdictOf([], config)).toBeUndefined()
  })
})

describe('boot', () => {
  const root = temporaryFolder('verdicts')
  /** Lines of a short training, and what is trained. */
  async function trained(learningRate: number) {
    const directory = `${root}/${learningRate}`
    const network = { hidden: 32, layers: 2 }
    const user = { objective: 'boot', teacher: 'exact', network, batch: 64, steps: 80, logEvery: 5, seed: 1 }
    await train({ ...user, optimizer: { learningRate } }, { directory })
    return { lines: readMetrics(directory), config: readRecord(directory).config }
  }

  test('is not said to diverge where it only learns its times near the noise', async () => {
    const { lines, config } = await trained(3e-3)
    expect(verdictOf(lines, config)!.diverged).toBe(false)
    // The loss, a slope in time, rises elevenfold in the same training.
    const byLoss = lines.map(({ terms, ...line }) => ({
      ...line,
      terms: { ...terms, bootstrap: { ...terms.bootstrap, residual: terms.bootstrap.loss } },
    }))
    expect(verdictOf(byLoss, config)!.diverged).toBe(true)
  })
  test('and is where it does', async () => {
    const { lines, config } = await trained(3)
    expect(verdictOf(lines, config)!.diverged).toBe(true)
  })
})
