import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  checkGraph,
  constant,
  evaluate,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../../src/autodiff/index.ts'
import { playersOfRow } from '../../src/config/round.ts'
import {
  type BoundNetwork,
  divergenceOf,
  flat,
  flowMap,
  fromVelocity,
  interpolants,
  pathOf,
} from '../../src/model/index.ts'
import {
  comparing,
  type Draw,
  diagonalIds,
  type Loss,
  type Objective,
  objectives,
  squaredError,
  timeLaws,
  traitsOf,
} from '../../src/objective/index.ts'
import { uses } from './draws.ts'
import { drawOf, inputsOf, memoriesFor, type Place, placeFor, symbols, withOwnPolicy } from './setting.ts'
import { guides } from './stops.ts'
import { fieldsOf, isWeighed, lossOf, present, roles, terms, variantsOf } from './terms.ts'

const ROOT = new URL('../../', import.meta.url)
const list = [...objectives.values()]

/** The table of the literature: rule, setting and published cost in forward passes. */
const LITERATURE: Readonly<
  Record<string, readonly [Objective['rule'], Objective['setting'], number | null]>
> = {
  dmd: ['distributional', 'distillation', 25],
  'dmd-steps': ['distributional', 'distillation', null],
  sid: ['distributional', 'distillation', 11],
  moment: ['distributional', 'distillation', null],
  gan: ['distributional', 'marginal', 12],
  cafm: ['diagonal', 'velocity', null],
  'flow-matching': ['diagonal', 'velocity', null],
  'teacher-velocity': ['diagonal', 'distillation', null],
  itm: ['diagonal', 'distillation', null],
  lmd: ['lagrangian', 'distillation', 9],
  lsd: ['lagrangian', 'self-distillation', 10],
  'ayf-lmd': ['lagrangian', 'distillation', 6],
  'lmd-discrete': ['lagrangian', 'distillation', null],
  tvm: ['lagrangian', 'self-distillation', 10],
  pid: ['lagrangian', 'distillation', 7],
  boot: ['lagrangian', 'distillation', 9],
  freeflow: ['lagrangian', 'distillation', 12],
  emd: ['eulerian', 'distillation', 7],
  esd: ['eulerian', 'self-distillation', 10],
  'ayf-emd': ['eulerian', 'distillation', 6],
  'emd-discrete': ['eulerian', 'distillation', null],
  meanflow: ['eulerian', 'marginal', 4],
  imf: ['eulerian', 'marginal', 5],
  dmf: ['eulerian', 'marginal', null],
  alphaflow: ['eulerian', 'marginal', null],
  soflow: ['eulerian', 'self-distillation', 7],
  facm: ['eulerian', 'distillation', 8],
  ct: ['eulerian', 'self-distillation', 4],
  cd: ['eulerian', 'distillation', 5],
  ict: ['eulerian', 'self-distillation', null],
  ect: ['eulerian', 'self-distillation', null],
  // Distilled or from data alone: without a teacher it asks for neither a target nor a diagonal term.
  scm: ['eulerian', 'marginal', null],
  ctm: ['eulerian', 'distillation', 7],
  shortcut: ['compositional', 'self-distillation', 8],
  psd: ['compositional', 'self-distillation', 8],
  splitmeanflow: ['compositional', 'distillation', 9],
  piflow: ['lagrangian', 'distillation', 5],
  fmm: ['compositional', 'marginal', 9],
  pfmm: ['compositional', 'distillation', 5],
  // Of maps with a density.
  falcon: ['eulerian', 'marginal', 7],
  'weighted-flow-matching': ['diagonal', 'velocity', null],
  'reverse-kl': ['lagrangian', 'marginal', null],
  // Of samples of a batch together.
  imm: ['distributional', 'marginal', 4],
  'self-e': ['distributional', 'marginal', 5],
  drifting: ['distributional', 'marginal', 3],
  frechet: ['distributional', 'marginal', 3],
  // Of two levels.
  'tmd-head': ['distributional', 'marginal', null],
  tmd: ['distributional', 'distillation', null],
  // Of steering: a tilt by a stochastic map, and the reward itself.
  'mfm-ft': ['diagonal', 'distillation', null],
  // Of densities: a divergence head beside the velocity.
  'f2d2:diagonal': ['diagonal', 'distillation', null],
  'f2d2:shortcut': ['compositional', 'distillation', null],
  'f2d2:meanflow': ['eulerian', 'marginal', null],
  'f2d2:lsd': ['lagrangian', 'distillation', null],
  'reward-backprop': ['compositional', 'distillation', null],
  // Beside that table: psd with another diagonal, flow matching with another coupling and with guidance, and regression.
  semigroup: ['compositional', 'distillation', null],
  reflow: ['diagonal', 'distillation', null],
  gft: ['diagonal', 'velocity', null],
  denoise: ['diagonal', 'velocity', null],
  cmt: ['lagrangian', 'distillation', null],
  // First written for curved spaces.
  'rmf-self': ['eulerian', 'self-distillation', null],
  'lmf-inverse': ['lagrangian', 'marginal', null],
  // Of sequences of symbols: their papers count no passes.
  'cross-entropy': ['diagonal', 'velocity', null],
  'psd-simplex': ['compositional', 'self-distillation', null],
  'lsd-simplex': ['lagrangian', 'self-distillation', null],
  'esd-simplex': ['eulerian', 'self-distillation', null],
  csd: ['lagrangian', 'self-distillation', null],
  ecld: ['lagrangian', 'self-distillation', null],
  'psd-velocity-simplex': ['compositional', 'self-distillation', null],
  'fmlm-residual': ['compositional', 'distillation', null],
}

test('the catalogue is the table of the literature', () => {
  const found = Object.fromEntries(
    list.map(({ id, rule, setting, publishedCost }) => [id, [rule, setting, publishedCost]]),
  )
  expect(found).toEqual(LITERATURE)
})

test('ids are those of the rows, and diagonals are rows', () => {
  for (const [id, objective] of objectives) expect(objective.id).toBe(id)
  for (const id of diagonalIds) expect(objectives.get(id)).toMatchObject({ rule: 'diagonal', diagonal: id })
})

/** Rows whose formula is another row's: its documentation names the paper of that one. */
const SHARED: ReadonlySet<string> = new Set(['semigroup', 'reflow', 'psd-velocity-simplex'])

/** The documentation before an exported name. */
function documentation(source: string, name: string): string | undefined {
  const at = source.search(new RegExp(`^export (const|function) ${name}\\b`, 'm'))
  return at < 0 ? undefined : /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(source.slice(0, at))?.[1]
}

const balanced = (text: string, open: string, close: string) =>
  text.split(open).length === text.split(close).length

/** Losses of a row under one choice of its options, its diagonal term included. */
function lossesOf(objective: Objective, options: object): Loss[] {
  const { id, diagonal } = objective
  const own = terms.filter(
    term =>
      term.id === id && term.part !== undefined && JSON.stringify(term.options) === JSON.stringify(options),
  )
  // What a diagonal term draws is its own affair.
  const isPlain = (term: (typeof terms)[number]) => (term.options.divergence ?? 'exact') === 'exact'
  const beside =
    diagonal && id !== diagonal ? terms.filter(term => term.id === diagonal && isPlain(term)) : []
  return [...own, ...beside].map(term => lossOf(term))
}

/** Shapes that sequences of symbols have, and other points may have. */
const SEQUENCES = [
  [3, 2, 4],
  [2, 1, 3],
]

describe.each(list)('$id', objective => {
  const { id, options, diagonal, needs, defaults, jumps, parts } = objective
  const variants = variantsOf(objective)
  const place = placeFor(id)

  test('is described', () => {
    expect(id).toMatch(/^(f2d2:)?[a-z]+(-[a-z]+)*$/)
    for (const key of ['name', 'formula', 'tex', 'whenToUse', 'trouble'] as const) {
      expect(objective[key].trim().length, key).toBeGreaterThan(3)
      expect(objective[key], key).toBe(objective[key].trim())
    }
    expect(objective.paper).toMatch(/\d{4}, (arXiv:\d{4}\.\d{4,5}|doi:10\.\d{4,}\/\S+)$/)
  })

  test('has TeX in which everything that opens closes', () => {
    const { tex } = objective
    const plain = tex.replaceAll('\\{', '').replaceAll('\\}', '')
    expect(balanced(plain, '{', '}')).toBe(true)
    expect(balanced(tex.replaceAll('\\left', '').replaceAll('\\right', ''), '(', ')')).toBe(true)
    expect(balanced(tex, '\\left', '\\right')).toBe(true)
    expect(balanced(tex, '\\langle', '\\rangle')).toBe(true)
    expect((tex.split('\\|').length - 1) % 2).toBe(0)
    expect(tex).not.toMatch(/[^\x20-\x7e]/)
  })

  test('is found where it says', async () => {
    const source = readFileSync(new URL(objective.source, ROOT), 'utf8')
    const module = (await import(/* @vite-ignore */ new URL(objective.source, ROOT).href)) as Record<
      string,
      unknown
    >
    expect(objective.code.length).toBeGreaterThan(0)
    const documented = objective.code.map(name => {
      expect(module[name], name).toBeTypeOf('function')
      const text = documentation(source, name)
      expect(text, name).toMatch(/arXiv:\d{4}\.\d{4,5}/)
      return text
    })
    if (!SHARED.has(id)) expect(documented.join()).toContain(/arXiv:\S+/.exec(objective.paper)![0])
  })

  test('takes its options strictly, and its defaults are such options', () => {
    const given = options.parse({})
    expect(options.parse(given)).toEqual(given)
    for (const variant of variants) expect(options.safeParse(variant).success).toBe(true)
    const refused = options.safeParse({ nonsense: 1 })
    expect(refused.error?.issues[0]).toMatchObject({ code: 'unrecognized_keys', keys: ['nonsense'] })
    expect(options.safeParse(null).success).toBe(false)
    for (const name of Object.keys(fieldsOf(objective))) {
      expect(options.safeParse({ [name]: 'nonsense' }).success, name).toBe(false)
      expect(options.safeParse({ [name]: Number.NaN }).success, name).toBe(false)
    }
  })

  test('has defaults that make sense', () => {
    const { weight = 1, diagonalFraction = 0.3, clip = 1, times = {}, loss = {} } = defaults
    expect(weight).toBeGreaterThan(0)
    expect(clip).toBeGreaterThan(0)
    if (parts === null) expect(diagonalFraction).toBe(1)
    else expect(diagonalFraction).toBeLessThan(1)
    if (diagonal === null) expect(diagonalFraction).toBe(0)
    else expect(diagonalFraction).toBeGreaterThan(0)
    expect(parts === null && diagonal === null).toBe(false)
    if (times.law) expect(Object.keys(timeLaws)).toContain(times.law)
    if (loss.kind && loss.kind !== 'mse') expect(loss.c).toBeGreaterThan(0)
    if (loss.adaptive) expect(Math.min(loss.adaptive.p, loss.adaptive.c)).toBeGreaterThan(0)
    expect(['average-velocity', 'denoised', 'policy', 'simplex']).toContain(objective.parameterization)
  })

  test('needs what it uses', () => {
    const { coupling = defaults.coupling ?? 'independent' } = objective
    const used = (losses: Loss[], ...fields: string[]) =>
      losses.some(loss => fields.some(field => uses(loss, field, place)))
    for (const variant of variants) {
      const losses = lossesOf(objective, variant)
      const asked =
        needs.includes('teacher') || (objective.needsTeacher?.(present(objective, variant)) ?? false)
      expect(asked, JSON.stringify(variant)).toBe(used(losses, 'teacher') || coupling !== 'independent')
      expect(needs.includes('flow-map-teacher')).toBe(used(losses, 'pretrained'))
      const data = used(losses, 'path.x0', 'path.at', 'path.velocity') && coupling === 'independent'
      const seesData = traitsOf(objective, present(objective, variant)).draws?.includes('x0') ?? false
      // What is remembered of data is no part of a draw.
      expect(needs.includes('data') || seesData).toBe(data || objective.memories !== undefined)
      expect(needs.includes('energy')).toBe(used(losses, 'energy'))
      expect(needs.includes('weights')).toBe(used(losses, 'logWeight'))
    }
    expect(needs.includes('both-directions')).toBe(jumps === 'both-ways')
  })

  test('has the traits of its formula', () => {
    for (const variant of variants) {
      const losses = lossesOf(objective, variant)
      const used = (field: string) => losses.some(loss => uses(loss, field, place))
      const {
        between = false,
        draws = [],
        differentiatesTime = false,
      } = traitsOf(objective, present(objective, variant))
      expect(between, JSON.stringify(variant)).toBe(used('m'))
      expect(differentiatesTime).toBe(losses.some(loss => isDerivativeByTime(loss, place)))
      // Which estimate it is goes by the points.
      if (variant.divergence !== 'auto') {
        expect(draws.filter(name => name !== 'x0')).toEqual(
          ['noise', 'r', 'noise2', 'r2', 'u', 'logWeight'].filter(used),
        )
      }
      expect(playersOfRow(objective, present(objective, variant)).map(({ name }) => name)).toEqual(
        ['auxiliary', 'fake', 'critic', 'residual'].filter(name =>
          used(name === 'auxiliary' ? name : `players.${name}`),
        ),
      )
    }
  })

  test('jumps where it says', () => {
    if (parts === null) return
    const partOf = ({ part, options }: (typeof terms)[number]) =>
      parts(present(objective, options)).find(({ name }) => name === part)
    for (const term of terms.filter(term => term.id === id)) {
      const loss = lossOf(term)
      const used = (field: string) => uses(loss, field, place)
      if (jumps === 'to-data') expect([used('t'), used('m')], term.key).toEqual([false, false])
      else if (jumps === 'from-noise')
        expect([used('s'), used('m'), used('path.at')], term.key).toEqual([false, false, false])
      // What is about one time jumps where it likes.
      else if (partOf(term)?.at !== 's') expect(used('t'), term.key).toBe(true)
    }
  })

  test('has parts with names, weights and parts to play of their own', () => {
    const given = parts?.(present(objective, {})) ?? []
    expect(new Set(given.map(({ name }) => name)).size).toBe(given.length)
    expect(isWeighed(id)).toBe(true)
    for (const { name, loss } of given)
      expect(uses(loss, 'auxiliary', place), name).toBe(id === 'freeflow' && name !== 'prediction')
  })

  test('takes a number that changes over training as a number of the graph', () => {
    const plain = present(objective, {})
    const isAnnealed = ([name, value]: [string, unknown]) =>
      typeof value === 'number' &&
      options.safeParse({ [name]: { kind: 'linear', from: value, to: value } }).success
    for (const [name, value] of Object.entries(plain).filter(isAnnealed)) {
      const traced = { ...plain, [name]: constant(value as number, [], 'float64') }
      const lossesWith = (given: object): Loss[] =>
        parts?.(given).map(({ loss }) => loss) ?? [objectives.get(diagonal!)!.grounds!(given)]
      const at = (given: object) => lossesWith(given).map(loss => valuesAt(loss, place))
      expect(at(traced), name).toEqual(at(plain))
    }
  })

  const shapes = [[3, 2], ...SEQUENCES, [1, 2, 2, 1]].filter(
    ({ length }) => place !== symbols || length === 3,
  )
  test.each(shapes.map(shape => [shape]))('gives one loss for each sample of shape %j', shape => {
    for (const variant of variants) {
      for (const loss of lossesOf(objective, variant)) {
        const graph = traceTerm(loss, shape, place)
        checkGraph(graph)
        checkGraph(simplify(graph))
        expect(graph.outputs[0].shape).toEqual([shape[0]])
      }
    }
  })
})

function valuesAt(loss: Loss, place: Place): number[] {
  const inputs = inputsOf(place.batch)
  const graph = trace(
    x => loss(drawOf(guides(place.other(31), undefined, place), x)),
    inputs.map(({ shape }) => spec(shape, 'float64')),
  )
  return [...evaluate(graph, inputs)[0].data]
}

/** Whether a term takes the map's derivative by a time: a map with sines of times then leaves their cosines in the graph. */
const isDerivativeByTime = (loss: Loss, place: Place): boolean =>
  traceTerm(loss, SEQUENCES[0], place, (x, s, t) => x.add(s.sin()).add(t.sin())).nodes.some(
    ({ op }) => op === 'cos',
  )

/** The graph of a term on points of a shape, for a map that is no network. */
function traceTerm(
  loss: Loss,
  shape: readonly number[],
  place: Place,
  velocity: BoundNetwork = (x, s, t) => x.mul(s).sub(t.square()).sin(),
) {
  const mean: BoundNetwork = (x, s, t) =>
    velocity(x, s, t).mean(
      shape.slice(1).map((_, i) => i + 1),
      true,
    )
  const plain =
    place === symbols ? flowMap(velocity, { parameterization: 'simplex' }) : fromVelocity(velocity)
  const map = withOwnPolicy({ ...plain, divergence: divergenceOf(mean, 2) })
  const time = spec([shape[0], ...shape.slice(1).map(() => 1)])
  const points = spec(shape)
  return trace(
    ([x0, eps, noise, s, t, m, r]: Tensor[]) => {
      const path = pathOf(interpolants.linear, x0, eps)
      const players = { map, target: map, frozen: map, teacher: map, pretrained: map, auxiliary: map }
      const guided = { scale: s.add(1), map, untold: map }
      const posterior = (x: Tensor) => fromVelocity(z => z.sub(x))
      const draw: Draw = {
        ...players,
        untold: players.frozen,
        told: (x, s) => fromVelocity((y, p, q) => velocity(y, p, q).add(x.mul(s))),
        ...{ path, s, t, m, noise, r, guided, posterior, noise2: noise, r2: r, u: r },
        players: {
          fake: velocity,
          residual: velocity,
          critic: (x, s) =>
            x.mul(s).mean(
              shape.slice(1).map((_, i) => i + 1),
              true,
            ),
        },
        ...{ energy: (x: Tensor) => x.square().sum(-1), logWeight: s.sub(t) },
        memories: memoriesFor(x0),
        ...comparing(flat, squaredError),
      }
      return loss(draw)
    },
    [points, points, points, time, time, time, time],
  )
}

test('every exported formula belongs to a row', async () => {
  const sources = new Set(list.map(({ source }) => source))
  const listed = new Set(list.flatMap(({ source, code }) => code.map(name => `${source} ${name}`)))
  // What formulas of two files share.
  const helpers = [
    // In the place of cross-entropy, where it is guided.
    'src/objective/categorical.ts guidedCrossEntropy',
    'src/objective/categorical.ts taughtCrossEntropy',
    ...['src/objective/eulerian.ts covariantDerivative', 'src/objective/lifted.ts headPart'],
    ...['immWeight', 'kernelDistance'].map(name => `src/objective/matching/imm.ts ${name}`),
    ...['scaleOf', 'driftAt', 'driftSize', 'driftOfSamples'].map(
      name => `src/objective/matching/drifting.ts ${name}`,
    ),
    ...[
      'frechetOf',
      'frechetOfQueue',
      'frechetDistance',
      'frechetMemory',
      'distanceElsewhere',
      'memoryElsewhere',
    ].map(name => `src/objective/matching/frechet.ts ${name}`),
  ]
  for (const source of sources) {
    const text = readFileSync(new URL(source, ROOT), 'utf8')
    const exported = [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(
      ([, name]) => `${source} ${name}`,
    )
    expect(exported.filter(name => !listed.has(name) && !helpers.includes(name))).toEqual([])
  }
})

test('the roles of parts are those of the catalogue', () => {
  const keys = new Set(terms.map(({ key }) => key.split(' ')[0]))
  expect(Object.keys(roles).filter(key => !keys.has(key))).toEqual([])
})
