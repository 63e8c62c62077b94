import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { load } from '../../src/serialization/load.ts'
import { readMetrics } from '../../src/serialization/run.ts'
import { steerable } from '../../src/serialization/steerable.ts'
import { inverted } from '../../src/steering/invert.ts'
import { commandsIn } from '../helpers/folder-cli.ts'

const { at, here, refused } = commandsIn('matching')
const SMALL = [
  '--network.hidden',
  '24',
  '--network.layers',
  '2',
  '--batch',
  '64',
  '--steps',
  '20',
  '--logEvery',
  '10',
]

const trained = (name: string, ...options: string[]) =>
  here('train', '--data', 'ring', '--out', at(name), ...SMALL, ...options)

beforeAll(async () => {
  await trained('dmd', '--objective', 'dmd', '--teacher', 'exact')
  await trained('psd', '--objective', 'psd')
}, 120_000)

describe('a map that matches what comes out', () => {
  const reason = /dmd matches what comes out and keeps no trajectories/

  test('has no trajectory error and no likelihood', async () => {
    for (const name of ['trajectoryError', 'ownTrajectoryError', 'jumpNLL', 'flowNLL']) {
      expect(await refused('evaluate', at('dmd'), '--metrics', name)).toMatch(reason)
    }
  })

  test('is not inverted, and gives no density of its samples', async () => {
    const points = at('points.csv')
    await here('sample', at('dmd'), '--count', '5', '--out', points)
    expect(await refused('invert', at('dmd'), '--data', points)).toMatch(reason)
    expect(await refused('sample', at('dmd'), '--density', 'jump')).toMatch(reason)
    expect(await refused('weigh', at('dmd'), '--energy', 'ring')).toMatch(reason)
  })

  test('is measured by what sees a lost mode first', async () => {
    await here('evaluate', at('dmd'), '--count', '400', '--steps', '1', '--no-report')
    const { rows } = JSON.parse(readFileSync(join(at('dmd'), 'evaluation.json'), 'utf8'))
    expect(Object.keys(rows[0].metrics).slice(0, 3)).toEqual(['modeCoverage', 'recall', 'coverage'])
  })

  test('jumps from noise alone', async () => {
    expect(await refused('sample', at('dmd'), '--steps', '2')).toMatch(/sample it in one step/)
  })

  test('has no velocity to follow, wherever one would be', async () => {
    const none =
      /follows the velocity, and dmd learns jumps from pure noise and no velocity; sample it in one/
    for (const method of ['euler', 'heun', 'dpm++2m']) {
      expect(await refused('sample', at('dmd'), '--steps', '1', '--method', method)).toMatch(none)
    }
    expect(await refused('evaluate', at('dmd'), '--steps', '1,2', '--method', 'heun')).toMatch(none)
    expect(await refused('export', at('dmd'), '--sampler', '--steps', '2', '--method', 'heun')).toMatch(none)
    await here('sample', at('psd'), '--count', '4', '--method', 'heun', '--out', at('heun.csv'))
  })

  test('is neither the way of an edit to other data, nor a teacher of trajectories', async () => {
    const points = at('few.csv')
    await here('sample', at('psd'), '--count', '4', '--out', points)
    const edit = (to: string) => ['edit', at('psd'), '--data', points, '--to', to, '--method', 'heun']
    expect(await refused(...edit(at('dmd')), '--out', at('no.csv'))).toMatch(reason)
    await here(...edit(at('psd')), '--out', at('edited.csv'))
    const halved = ['--halvings', '1', '--out', at('halved')]
    expect(await refused('progressive', at('dmd'), ...halved)).toMatch(reason)
    for (const objective of ['cmt', 'reflow']) {
      const taught = ['--data', 'ring', '--objective', objective, '--teacher', at('dmd'), ...SMALL]
      expect(await refused('train', ...taught, '--out', at('taught'))).toMatch(reason)
    }
  })

  test('is not inverted by the library either', async () => {
    const map = await load(at('dmd'))
    const points = new Float32Array(4)
    await expect(inverted(steerable(map), points, { method: 'jump' })).rejects.toThrow(reason)
    await map.close()
  })
})

describe('what is logged', () => {
  test('tells how far the scores are apart, and who is the player', () => {
    const { terms, measures, gradientNorms } = readMetrics(at('dmd')).at(-1)!
    expect(Object.keys(terms)).toEqual(['matching', 'fake'])
    expect(measures!.scoreDistance).toBeGreaterThan(0)
    expect(Object.keys(gradientNorms!)).toEqual(['fake'])
  })

  test('tells how well a critic sees', async () => {
    await trained('gan', '--objective', 'gan')
    await trained('cafm', '--objective', 'cafm', '--batch', '32')
    for (const name of ['gan', 'cafm']) {
      const { measures } = readMetrics(at(name)).at(-1)!
      // A new critic of far samples and one that cannot tell lie within.
      expect(measures!.criticAccuracy).toBeGreaterThan(0.3)
      expect(measures!.criticAccuracy).toBeLessThanOrEqual(1)
    }
  })

  test('tells how far the denoisers of moment and self-e are apart', async () => {
    await trained('moments', '--objective', 'moment', '--teacher', 'exact')
    await trained('self', '--objective', 'self-e')
    await trained('told', '--objective', 'self-e', '--condition', 'class', '--options.fake', 'false')
    for (const [name, measure] of [
      ['moments', 'scoreDistance'],
      ['self', 'scoreDistance'],
      ['told', 'conditionPull'],
    ]) {
      const { measures } = readMetrics(at(name)).at(-1)!
      expect(Object.keys(measures!)).toEqual([measure])
      expect(measures![measure]).toBeGreaterThan(0)
    }
  })
})

test('the report shows what tells, and not the losses that do not', async () => {
  await here('evaluate', at('dmd'), '--count', '400', '--steps', '1')
  const page = readFileSync(join(at('dmd'), 'report.html'), 'utf8')
  expect(page).toMatch(/ScoreDistance [\d.]+/)
  expect(page).toContain('How the players stand')
  expect(page).not.toContain('Smoothed mean squared residual')
})

describe('options of a row decide its players', () => {
  test('a critic beside dmd', async () => {
    await trained('with', '--objective', 'dmd', '--teacher', 'exact', '--options.gan', '0.01')
    expect(Object.keys(readMetrics(at('with')).at(-1)!.terms)).toEqual(['matching', 'gan', 'fake', 'critic'])
    await trained('ratio', '--objective', 'dmd', '--teacher', 'exact', '--options.divergence', 'js')
    expect(Object.keys(readMetrics(at('ratio')).at(-1)!.terms)).toEqual(['matching', 'fake', 'critic'])
    expect(
      await refused('train', '--objective', 'dmd', '--teacher', 'exact', '--players.critic.times', '2'),
    ).toMatch(/players\.critic: dmd has no such player; it has map, fake/)
  })

  test('pairs of a teacher for the regression', async () => {
    const pairs = ['--coupling.kind', 'reflow', '--coupling.pairs', '256', '--coupling.steps', '4']
    await trained(
      'pairs',
      '--objective',
      'dmd',
      '--teacher',
      'exact',
      '--options.regression',
      '0.25',
      ...pairs,
    )
    expect(Object.keys(readMetrics(at('pairs')).at(-1)!.terms)).toContain('regression')
    expect(
      await refused('train', '--objective', 'dmd', '--teacher', 'exact', '--options.regression', '0.25'),
    ).toMatch(/use coupling\.kind reflow/)
  })

  test('several steps, and the bridge', async () => {
    await trained('steps', '--objective', 'dmd-steps', '--teacher', 'exact', '--options.times', '[0.7,0.3]')
    await here('sample', at('steps'), '--grid', '1,0.7,0.3,0', '--count', '10', '--out', at('steps.csv'))
    await trained('moment', '--objective', 'moment', '--teacher', 'exact')
    const { stdout } = await here(
      'sample',
      at('moment'),
      '--steps',
      '4',
      '--count',
      '10',
      '--json',
      '--out',
      at('m.csv'),
    )
    expect(JSON.parse(stdout).method).toBe('bridge')
  })
})

test('features of a configuration file are random ones, or a file beside it', async () => {
  mkdirSync(at('configs'), { recursive: true })
  const file = join(at('configs'), 'frechet.yaml')
  const keys = (features: string) => `objective: frechet\ndata: ring\nfeatures: ${features}\n`
  writeFileSync(file, keys('random:8'))
  await here('train', '--config', file, '--out', at('random'), ...SMALL)
  expect(JSON.parse(readFileSync(join(at('random'), 'config.json'), 'utf8')).config.features).toBe('random:8')
  writeFileSync(file, keys('net.onnx'))
  expect(await refused('train', '--config', file, '--out', at('none'), ...SMALL)).toContain(
    `features: ${join(at('configs'), 'net.onnx')}: no such file`,
  )
})

describe('beside any objective', () => {
  test('a critic takes its turn', async () => {
    await trained('added', '--objective', 'psd', '--adversarial.weight', '0.1', '--adversarial.from', '0')
    const { terms, measures } = readMetrics(at('added')).at(-1)!
    expect(Object.keys(terms)).toEqual(['diagonal', 'consistency', 'adversarial', 'critic'])
    expect(measures!.criticAccuracy).toBeGreaterThan(0)
  })

  test('a velocity of its own size judges a policy', async () => {
    await trained(
      ...(['policy', '--objective', 'piflow', '--teacher', 'exact', '--network.components', '3'] as const),
      ...['--adversarial.weight', '0.1', '--adversarial.from', '0', '--matching.weight', '0.1'],
    )
    const { terms } = readMetrics(at('policy')).at(-1)!
    expect(Object.keys(terms)).toEqual(['imitation', 'adversarial', 'matching', 'critic', 'fake'])
    expect(Object.values(terms).every(({ loss }) => Number.isFinite(loss))).toBe(true)
  })

  test('late, it changes nothing before', async () => {
    await trained('late', '--objective', 'psd', '--adversarial.from', '0.9')
    const [first] = readMetrics(at('late'))
    expect(first.terms.adversarial.loss).toBeGreaterThan(0)
    // The loss is that of the row's own terms: the part of the critic has no weight yet.
    const own = 0.3 * first.terms.diagonal.loss + 0.7 * first.terms.consistency.loss
    expect(Math.abs(first.loss / own - 1)).toBeLessThan(0.35)
  })

  test('a fake score takes five', async () => {
    await trained('both', '--objective', 'psd', '--teacher', 'exact', '--matching.weight', '0.1')
    const { terms, measures } = readMetrics(at('both')).at(-1)!
    expect(Object.keys(terms)).toEqual(['diagonal', 'consistency', 'matching', 'fake'])
    expect(measures!.scoreDistance).toBeGreaterThan(0)
  })

  test('is refused where it has no sense', async () => {
    const psd = ['train', '--objective', 'psd']
    expect(await refused(...psd, '--adversarial.loss', 'wgan')).toMatch(/adversarial\.loss: expected one of/)
    expect(await refused(...psd, '--matching.weight', '0.1')).toMatch(/needs a teacher/)
    expect(await refused('train', '--objective', 'gan', '--adversarial.weight', '0.1')).toMatch(
      /^oxbow: adversarial: gan already has a critic/,
    )
    expect(await refused(...psd, '--interpolant', 'trig', '--adversarial.weight', '0.1')).toMatch(
      /linear path/,
    )
  })
})
