import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  checkFixture,
  type Fixture,
  GRADIENT_TOLERANCE,
  LOSS_TOLERANCE,
  parseFixture,
  UnknownRowError,
} from '../../src/objective/golden.ts'
import { adaptive, type Draw, type Loss, objectives, squaredError } from '../../src/objective/index.ts'
import { wrapped } from './draws.ts'
import { catalogue, terms } from './terms.ts'

const OWN = new URL('../fixtures/golden/', import.meta.url)
/** A larger set, where one lies beside the project. */
const BESIDE = new URL('../../../shared/golden/', import.meta.url)

const filesIn = (directory: URL): string[] =>
  existsSync(directory) ? readdirSync(directory).filter(name => name.endsWith('.json')) : []
const load = (name: string, directory = OWN): Fixture =>
  parseFixture(JSON.parse(readFileSync(new URL(name, directory), 'utf8')))

test('the tolerances are what the README says', () => {
  expect([LOSS_TOLERANCE, GRADIENT_TOLERANCE]).toEqual([1e-9, 1e-7])
})

/** Formulas that have no fixture: each is another row's, or is proved beside it. */
const WITHOUT: Readonly<Record<string, string>> = {
  'denoise weighting=none': 'in golden-likelihood',
  'denoise weighting=min-snr': 'in golden-likelihood',
  'denoise weighting=likelihood': 'held to the bound in denoise.test.ts',
  gft: 'the regression of a guided velocity, over the square of the scale',
  'itm draw=posterior': 'held to its fixed point in steering.test.ts',
  'mfm-ft': 'in golden-steering',
  reflow: 'flow-matching',
  'pfmm space=velocity': 'psd space=midpoint, of the teacher',
  'psd space=midpoint': 'psd space=velocity with m halfway',
  'semigroup space=map': 'psd space=map',
  'semigroup space=velocity': 'psd space=velocity',
  'semigroup space=midpoint': 'psd space=midpoint',
  'boot:bootstrap': 'in golden-distributional, with the boundary',
  'boot:boundary': 'in golden-distributional, with the bootstrap',
  'freeflow:auxiliary': "flow-matching on the student's samples",
  'ayf-emd tangentNormalization=true': 'the tangent of the other over its own size',
  dmf: 'meanflow over its own size',
  'soflow weighting=gap': 'soflow weighting=none over d (s-t)^2',
  cmt: '(t-s)^2 alphaflow with alpha = 1',
  'rmf-self': 'meanflow along the velocity of its target',
  'lmf-inverse': 'ayf-lmd from where its own map leads back to',
  'cross-entropy': 'in golden-spaces',
  'psd-simplex': 'in golden-spaces',
  'lsd-simplex': 'in golden-spaces',
  csd: 'in golden-spaces',
  'esd-simplex': 'held to the exact map of sequences, and to its gradient in probabilities',
  'ecld gap=g': 'held to its gradient in probabilities',
  'ecld gap=code': 'held to its gradient in probabilities',
  'psd-velocity-simplex': 'psd space=velocity',
  'fmlm-residual:student': 'held to the exact map, and to pfmm',
  'fmlm-residual:residual': 'held to the exact map, and to psd space=map',
  'reward-backprop:reward by=l2': 'in golden-steering',
  'reward-backprop:semigroup by=l2': 'psd space=map',
  'reward-backprop:reward by=kl': 'held to the divergence in steering.test.ts',
  'reward-backprop:semigroup by=kl': 'psd space=map',
  piflow: 'in golden-distributional, at one time',
  'reverse-kl': 'held to its least value in density/reverse-kl.test.ts',
  'imm diagonal=false': 'held to closed forms in matching/',
  'imm diagonal=true': 'in golden-distributional',
  ...Object.fromEntries(
    terms.filter(({ id }) => id === 'drifting').map(({ key }) => [key, 'held to closed forms in matching/']),
  ),
  'frechet classes=false': 'in golden-distributional',
  'frechet classes=true': 'in frechet-memory.test.ts',
  ...Object.fromEntries(
    terms
      .filter(({ id }) =>
        ['dmd', 'dmd-steps', 'sid', 'moment', 'gan', 'cafm', 'self-e', 'tmd-head', 'tmd'].includes(id),
      )
      .map(({ key }) => [key, 'in golden-distributional, or held to closed forms in matching/']),
  ),
}

/** The row, part and discrete options of a fixture, as a key of `terms`. */
function keyOf({ term, options }: Fixture): string {
  const [id, part = null] = term.replace('diagonal:', '').split(':')
  const given = objectives.get(id)!.options.parse({ ...pick(options, id) }) as Record<string, unknown>
  const found = terms.find(
    term =>
      term.id === id &&
      term.part === part &&
      Object.entries(term.options).every(([name, value]) => given[name] === value),
  )
  return found!.key
}

/** The options of a fixture that are its row's. */
function pick(options: Fixture['options'], id: string): Fixture['options'] {
  const known = Object.keys((objectives.get(id)!.options as unknown as { shape: object }).shape)
  return Object.fromEntries(Object.entries(options).filter(([name]) => known.includes(name)))
}

describe('golden values', () => {
  test.each(filesIn(OWN))('%s', name => {
    const result = checkFixture(load(name))
    expect(result.lossError).toBeLessThan(LOSS_TOLERANCE)
    expect(result.gradientError).toBeLessThan(GRADIENT_TOLERANCE)
    expect(result.passed).toBe(true)
  })

  test('cover every formula of the catalogue in two sizes, apart from those listed', () => {
    const sizes = new Map<string, Set<string>>(terms.map(({ key }) => [key, new Set()]))
    for (const name of filesIn(OWN)) {
      const fixture = load(name)
      sizes.get(keyOf(fixture))!.add(JSON.stringify(fixture.dims))
    }
    const counts = [...sizes].map(([key, { size }]) => ({ key, size }))
    // Those of a divergence head are in golden-likelihood and f2d2.test.ts.
    const without = counts.filter(({ key, size }) => size === 0 && !key.startsWith('f2d2:'))
    expect(without.map(({ key }) => key).sort()).toEqual(Object.keys(WITHOUT).sort())
    // The conditional tangents differ from the others in `u` alone.
    const once = [
      'scm velocity=conditional tangentNormalization=false',
      'scm velocity=conditional tangentNormalization=true',
      // The same as those of golden-likelihood, and as that of meanflow.
      'falcon:average',
      'falcon:inverse',
      'weighted-flow-matching',
    ]
    expect(counts.filter(({ size }) => size === 1).map(({ key }) => key)).toEqual(once)
  })

  test('cover both interpolants and parameterisations, every loss, and every role', () => {
    const all = filesIn(OWN).map(name => load(name))
    const values = (name: string) => new Set(all.map(({ options }) => options[name]))
    expect(values('interpolant')).toContain('trig')
    expect(values('parameterization')).toContain('denoised')
    expect([...values('loss')]).toEqual(expect.arrayContaining(['pseudo-huber', 'cauchy']))
    expect(values('weight')).toContain('adaptive')
    const roles = new Set(all.flatMap(({ networks }) => Object.keys(networks)))
    expect([...roles].sort()).toEqual(['aux', 'pretrained', 'student', 'target', 'teacher'])
    const fields = new Set(all.flatMap(({ batch }) => Object.keys(batch)))
    expect([...fields].sort()).toEqual(['eps', 'logWeight', 'm', 'noise', 'r', 's', 't', 'x0'])
  })

  test.skipIf(filesIn(BESIDE).length === 0)('of the set beside the project', () => {
    const results = filesIn(BESIDE).map(name => ({ name, passed: checkFixture(load(name, BESIDE)).passed }))
    expect(results.filter(({ passed }) => !passed)).toEqual([])
  })
})

describe('a fixture is missed', () => {
  const fixture = load('lsd.json')
  const withExpected = (change: Partial<Fixture['expected']>): Fixture => ({
    ...fixture,
    expected: { ...fixture.expected, ...change },
  })
  const grads = fixture.expected.grads

  test('when its loss is off by 1e-8', () => {
    expect(checkFixture(withExpected({ loss: fixture.expected.loss * (1 + 1e-8) })).passed).toBe(false)
  })

  test('when a single gradient is off by 1e-6', () => {
    const bias = grads['1.bias'] as number[]
    const top = Math.max(...bias.map(Math.abs))
    const off = bias.map((v, i) => (i === 3 ? v + 1e-6 * top : v))
    const result = checkFixture(withExpected({ grads: { ...grads, '1.bias': off } }))
    expect(result.lossError).toBeLessThan(LOSS_TOLERANCE)
    expect(result.passed).toBe(false)
  })

  test('when a gradient is not a number', () => {
    const result = checkFixture(withExpected({ grads: { ...grads, '2.bias': [Number.NaN, 0] } }))
    expect(result.passed).toBe(false)
  })

  test.each(['s', 't', 'eps'])('when %s differs', name => {
    const moved = {
      ...fixture.batch,
      [name]: fixture.batch[name].map((v: number | number[]) =>
        Array.isArray(v) ? v.map(x => x + 1e-4) : v - 1e-4,
      ),
    }
    expect(checkFixture({ ...fixture, batch: moved as Fixture['batch'] }).passed).toBe(false)
  })

  test.each(['student', 'target'])('when the %s differs', name => {
    const bias = fixture.networks[name]['0.bias'] as number[]
    const moved = { ...fixture.networks[name], '0.bias': bias.map(v => v + 1e-4) }
    expect(checkFixture({ ...fixture, networks: { ...fixture.networks, [name]: moved } }).passed).toBe(false)
  })
})

describe('a fixture is unknown', () => {
  const fixture = load('esd-spatial.json')
  test.each<[string, Partial<Fixture>, RegExp]>([
    ['a row', { term: 'xyz' }, /no objective xyz/],
    ['a row of that part', { term: 'xyz:terminal' }, /no objective xyz/],
    ['a part', { term: 'tvm:xyz', options: {} }, /tvm has no part xyz/],
    ['a part of a row that has one', { term: 'lsd:anchor', options: {} }, /lsd has no part anchor/],
    ['which part', { term: 'tvm', options: {} }, /tvm has parts terminal, anchor; name one/],
    ['a diagonal term', { term: 'diagonal:xyz' }, /no diagonal term xyz/],
    [
      'a diagonal term in place of a consistency term',
      { term: 'flow-matching' },
      /no objective flow-matching/,
    ],
    ['an option', { options: { spatialGradient: true, extra: 1 } }, /esd: .*extra/],
    ['a value of an option', { options: { spatialGradient: 'yes' } }, /esd: .*boolean/],
    ['a missing network', { term: 'emd', options: {} }, /emd: the fixture has no teacher/],
    ['a missing map', { term: 'pfmm', options: {} }, /pfmm: the fixture has no pretrained/],
  ])('%s', (_, change, message) => {
    const run = () => checkFixture({ ...fixture, ...change })
    expect(run).toThrow(UnknownRowError)
    expect(run).toThrow(message)
  })

  test('a missing second velocity', () => {
    const { aux: _, ...networks } = load('freeflow-correction.json').networks
    const run = () => checkFixture({ ...load('freeflow-correction.json'), networks })
    expect(run).toThrow(UnknownRowError)
    expect(run).toThrow(/freeflow:correction: the fixture has no aux/)
  })

  test('what is no fixture is refused', () => {
    expect(() => parseFixture({ ...fixture, expected: { loss: 'x' } })).toThrow(/loss/)
    expect(() => parseFixture([])).toThrow()
  })
})

describe('an adaptive weight that is differentiated is missed', () => {
  const term = terms.find(({ key }) => key === 'meanflow')!
  const fixture = load('meanflow-adaptive.json')
  const withError = (error: Draw['error']) =>
    checkFixture(
      { ...fixture, options: {} },
      wrapped(term, draw => ({ ...draw, error })),
    ).passed

  test('and a stopped one is not', () => {
    expect(withError((a, b) => squaredError(a, b).mul(squaredError(a, b).add(1e-3).pow(-1)))).toBe(false)
    expect(withError(adaptive(squaredError, 1, 1e-3))).toBe(true)
  })
})

describe('a catalogue of ones own', () => {
  test('is looked up in the place of the project', () => {
    const fixture = load('lsd.json')
    expect(checkFixture(fixture, catalogue).passed).toBe(true)
    const none = { ...catalogue, objectives: new Map() }
    expect(() => checkFixture(fixture, none)).toThrow(/no objective lsd/)
    const twice: Loss = draw => objectives.get('lsd')!.parts!({})[0].loss(draw).mul(2)
    const changed = { ...objectives.get('lsd')!, parts: () => [{ name: 'consistency', loss: twice }] }
    const other = { ...catalogue, objectives: new Map([['lsd', changed]]) }
    expect(checkFixture(fixture, other).lossError).toBeCloseTo(1, 9)
  })
})
