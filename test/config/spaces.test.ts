import { describe, expect, test } from 'vitest'
import { withUsualObjective } from '../../src/config/dataset.ts'
import {
  type Config,
  ConfigError,
  findObjective,
  resolveConfig,
  type UserConfig,
} from '../../src/config/index.ts'
import { checkSpace } from '../../src/config/space-checks.ts'
import { aliases, objectives } from '../../src/objective/index.ts'

describe('names of rows in curved spaces', () => {
  test.each(Object.entries(aliases))('%s is %s', (name, id) => {
    const { needs } = objectives.get(id)!
    const rest: UserConfig = needs.includes('teacher') ? { teacher: 'exact' } : {}
    expect(resolveConfig({ ...rest, objective: name })).toEqual(resolveConfig({ ...rest, objective: id }))
    expect(findObjective(name).id).toBe(id)
    expect(objectives.has(name)).toBe(false)
  })

  test('as a diagonal term too', () => {
    expect(
      resolveConfig({ objective: 'psd', diagonal: { objective: 'rfm' } as never }).diagonal.objective,
    ).toBe('flow-matching')
  })

  test('one that is nearly such a name is told it', () => {
    expect(() => resolveConfig({ objective: 'g-lsdd' })).toThrow(
      /^objective: unknown objective "g-lsdd" \(did you mean g-lsd\?\)/,
    )
    expect(() => resolveConfig({ objective: 'toString' })).toThrow(/^objective: unknown objective "toString"/)
  })
})

const sphere = { name: 'quakes', space: 'sphere' }
const words = { name: 'words', space: 'simplex' }
const ring = { name: 'ring' }

const onSphere = (config: UserConfig) => () =>
  checkSpace(resolveConfig({ objective: 'psd', ...config }), sphere)

describe('what does not fit the space of the data is refused', () => {
  test.each<[string, UserConfig, RegExp]>([
    [
      'a formula that adds points',
      { objective: 'shortcut' },
      /^objective: shortcut adds points, which those of quakes on the sphere do not; use one of flow-matching, .*\bpsd\b/,
    ],
    [
      'a formula that adds points under its option',
      { options: { space: 'midpoint' } },
      /^objective: psd adds points/,
    ],
    [
      'a diagonal term that does',
      { diagonal: { objective: 'itm', options: { draw: 'posterior' } }, teacher: 'exact' },
      /^objective: itm adds points/,
    ],
    [
      'a network for pictures',
      { network: { kind: 'dit' } },
      /^network\.kind: a network of kind dit is for pictures and text; use mlp \(the points of quakes live on the sphere\)$/,
    ],
    [
      'another parameterization',
      { network: { parameterization: 'denoised' } },
      /^network\.parameterization: denoised adds points; use average-velocity/,
    ],
    [
      'another prediction',
      { objective: 'flow-matching', network: { predicts: 'x0' } },
      /^network\.predicts: x0 is a sum of points; use velocity/,
    ],
    [
      'another path',
      { interpolant: 'trig' },
      /^interpolant: on a curved space, the path is the geodesic.*; found trig/,
    ],
    ['another scale', { standardize: 'column' }, /^standardize: .*; use none, found column/],
    ['pairs by optimal transport', { coupling: { kind: 'ot' } }, /^coupling\.kind: ot compares/],
    [
      'a source',
      { source: 'ring' },
      /^source: on a curved space, the path starts from the noise of the space; use null/,
    ],
    [
      'guidance',
      { objective: 'meanflow', condition: { kind: 'class' }, guidance: { rule: 'model' } },
      /^guidance\.rule: use none, found model/,
    ],
    ['a critic', { adversarial: {} }, /^adversarial: a critic sees points that add; use null/],
    [
      'a fake score',
      { teacher: 'any', matching: {} },
      /^matching: a fake score is one of points that add; use null/,
    ],
  ])('%s', (_, config, message) => {
    const resolved = onSphere(config)
    expect(resolved).toThrow(ConfigError)
    expect(resolved).toThrow(message)
    const flat = () => checkSpace(resolveConfig({ objective: 'psd', ...config }), ring)
    expect(flat).not.toThrow()
  })

  test('rows of symbols where there are none, and points where points add', () => {
    expect(() => checkSpace(resolveConfig({ objective: 'psd-simplex' }), ring)).toThrow(
      /^objective: psd-simplex is for sequences of symbols, and ring has none; use text, .*psd$/,
    )
    const point: UserConfig = { objective: 'psd', network: { parameterization: 'point' } }
    expect(() => checkSpace(resolveConfig(point), sphere)).not.toThrow()
    expect(() => resolveConfig({ ...point, objective: 'g-lsd' })).toThrow(
      /^network\.parameterization: point divides by the time .* lsd also starts from its target time/,
    )
    expect(() => checkSpace(resolveConfig(point), ring)).toThrow(
      /^network\.parameterization: point is one of a curved space, and ring is flat; use denoised, which is the same there$/,
    )
    const simplex: UserConfig = { objective: 'psd', network: { parameterization: 'simplex' } }
    expect(() => checkSpace(resolveConfig(simplex), sphere)).toThrow(
      /^network\.parameterization: simplex reads logits of symbols, and quakes has none; use average-velocity$/,
    )
  })

  test('and what fits is not', () => {
    const accepted = ([config, data]: [UserConfig, typeof ring]) =>
      expect(() => checkSpace(resolveConfig(config), data)).not.toThrow()
    const all: [UserConfig, typeof ring][] = [
      [{ objective: 'psd-simplex' }, words],
      [{ objective: 'psd', network: { parameterization: 'simplex' } }, words],
      [{ objective: 'psd' }, words],
      ...['psd', 'g-lsd', 'rmf', 'rmf-self', 'lmf-inverse'].map((objective): [UserConfig, typeof ring] => [
        { objective },
        sphere,
      ]),
      [{ objective: 'psd', options: { space: 'velocity' } }, sphere],
      [{ objective: 'lmf', teacher: 'any' }, sphere],
    ]
    all.forEach(accepted)
  })
})

describe('logits', () => {
  test.each<[UserConfig, string]>([
    [{ objective: 'psd-simplex', network: { parameterization: 'denoised' } }, 'psd-simplex'],
    [{ objective: 'psd', diagonal: { objective: 'cross-entropy' } }, 'cross-entropy'],
  ])('%j asks for them', (config, id) => {
    expect(() => resolveConfig(config)).toThrow(
      new RegExp(`^network\\.parameterization: ${id} reads logits; use simplex, found`),
    )
  })

  test('are the output of a row of symbols, without being asked for', () => {
    const found: Config = resolveConfig({ objective: 'csd' })
    expect(found.network.parameterization).toBe('simplex')
    expect(found.diagonal.objective).toBe('cross-entropy')
  })

  test('need times above 0, which velocities are divided by', () => {
    expect(() => resolveConfig({ objective: 'csd', times: { minimum: 0 } })).toThrow(
      /^times\.minimum: the simplex parameterization divides by s and needs a minimum above 0/,
    )
  })
})

describe('what is trained where nothing is named', () => {
  test.each([
    ['words', 'psd-simplex'],
    ['sphere-vmf', 'psd'],
    [{ text: { path: 'lines.txt' } }, 'psd-simplex'],
    [{ markov: { symbols: 'ab', transition: [], length: 3 } }, 'psd-simplex'],
    [{ csv: { path: 'places.csv', space: 'sphere' } }, 'psd'],
    ['ring', undefined],
    [{ csv: { path: 'places.csv' } }, undefined],
  ])('of %j is %s', (data, objective) => {
    expect(withUsualObjective({ data } as UserConfig).objective).toBe(objective)
  })

  test('is what is named otherwise', () => {
    for (const named of [{ objective: 'csd' }, { recipe: 'one-step' }, { initFrom: 'runs/words' }] as const) {
      expect(withUsualObjective({ data: 'words', ...named })).toEqual({ data: 'words', ...named })
    }
  })
})
