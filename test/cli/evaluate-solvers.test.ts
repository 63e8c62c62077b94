import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SolverCurve } from '../../src/evaluation/solver-comparison.ts'
import { TINY } from '../helpers/cli.ts'
import { commandsIn } from '../helpers/folder-cli.ts'

const { at, here, refused, json } = commandsIn('evaluate-solvers')

const QUICK = ['--steps', '1', '--count', '200', '--metrics', 'strays', '--weights', 'ema']
const evaluated = (run: string, ...options: string[]) => json('evaluate', at(run), ...QUICK, ...options)
const fileOf = (run: string, name: string) => readFileSync(join(at(run), name), 'utf8')

beforeAll(async () => {
  const train = (name: string, ...options: string[]) =>
    here('train', ...TINY, '--steps', '30', '--out', at(name), ...options)
  await train('map', '--objective', 'psd')
  await train('scaled', '--objective', 'flow-matching', '--standardize', 'column')
  await train('vp', '--objective', 'denoise', '--interpolant', 'vp', '--network.predicts', 'eps')
  await train('told', '--objective', 'flow-matching', '--condition', 'class')
  await train('ct', '--objective', 'ct')
})

describe('evaluate --solvers', () => {
  test('compares what is named with the jumps, in the file, the page and a plot of its own', async () => {
    const { solvers } = await evaluated('map', '--solvers', 'euler,heun')
    const methods = solvers.curves.map(({ method }: SolverCurve) => method)
    expect(methods).toEqual(['jump', 'euler', 'heun'])
    expect(JSON.parse(fileOf('map', 'evaluation.json')).solvers).toEqual(solvers)
    const [, euler, heun] = solvers.curves
    expect(euler.errors).toHaveLength(8)
    expect(heun.errors.at(-1).error).toBeLessThan(euler.errors.at(-1).error)
    expect(euler.fit.order).toBeGreaterThan(0.8)
    expect(euler.fit.order).toBeLessThan(1.2)
    expect(solvers.reference.error).toBeLessThan(1e-5)
    const page = fileOf('map', 'report.html')
    expect(page).toContain('<h2>Solvers</h2>')
    expect(page).toContain('--solvers euler,heun')
    for (const end of ['svg', 'png'])
      expect(existsSync(join(at('map'), 'plots', `solvers.${end}`))).toBe(true)
    await here('report', at('map'), '--out', at('again.html'))
    expect(readFileSync(at('again.html'), 'utf8')).toContain('<h2>Solvers</h2>')
  })

  test('without it nothing is compared, and an older file is read', async () => {
    const found = await evaluated('map')
    expect(found).not.toHaveProperty('solvers')
    expect(fileOf('map', 'report.html')).not.toContain('<h2>Solvers</h2>')
    expect(existsSync(join(at('map'), 'plots', 'solvers.svg'))).toBe(false)
  })

  test('the jumps of a velocity are not shown beside euler, whose steps they are', async () => {
    const { solvers } = await evaluated('scaled', '--solvers', 'euler')
    expect(solvers.curves).toHaveLength(1)
    // Standardised data has a spread of about the root of its coordinates.
    expect(solvers.spread).toBeCloseTo(Math.SQRT2, 1)
    const { stdout } = await here('evaluate', at('scaled'), ...QUICK, '--no-report', '--solvers', 'euler')
    expect(stdout).toMatch(/spread of 1\.4\d* standard\s+deviations/)
    expect(stdout).toMatch(/^euler +\d.* \d\.\d \(4\) +1$/m)
  })

  test('all leaves out what does not fit, with the reason', async () => {
    const { solvers } = await evaluated('vp', '--solvers', 'all')
    expect(solvers.curves.map(({ method }: SolverCurve) => method)).toEqual([
      ...['euler', 'midpoint', 'ddim', 'dpm++2m', 'edm'],
    ])
    const notes = solvers.notes.join('\n')
    expect(notes).toMatch(/left out heun, rk4, adaptive: needs the velocity at the data/)
    expect(notes).toMatch(/left out renoise, bridge, ancestral, .*: noise is added on the way/)
    for (const { errors } of solvers.curves) expect(errors.at(-1).error).toBeLessThan(errors[0].error)
  })

  test('follows the velocity of what a run is told, and that guided', async () => {
    const ends = async (...options: string[]) => {
      const { solvers } = await evaluated('told', '--solvers', 'euler', ...options)
      return solvers.curves[0].errors[0].error
    }
    const [told, none, guided] = [await ends(), await ends('--class', 'none'), await ends('--guidance', '3')]
    expect(new Set([told, none, guided]).size).toBe(3)
  })

  test.each<[string, string, string[], RegExp]>([
    ['no solver', 'map', ['rk5'], /--solvers: expected jump, renoise.*found "rk5"/],
    ['noise on the way', 'map', ['ancestral'], /solvers: ancestral: noise is added on the way/],
    ['a need that is not met', 'vp', ['rk4'], /rk4 needs the velocity at the data/],
    [
      'a map without a velocity',
      'ct',
      ['all'],
      /ct learns jumps to the data and no velocity that they could follow/,
    ],
  ])('%s is refused in one line', async (_, run, list, message) => {
    expect(await refused('evaluate', at(run), ...QUICK, '--solvers', ...list)).toMatch(message)
  })

  test('is for runs', async () => {
    await here('sample', at('map'), '--count', '50', '--out', at('points.csv'))
    const words = ['evaluate', at('points.csv'), '--data', 'ring', '--solvers', 'euler']
    expect(await refused(...words)).toMatch(/--solvers: is for runs/)
  })
})
