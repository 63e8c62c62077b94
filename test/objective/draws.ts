import { spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import type { FlowMap, VelocityField } from '../../src/model/index.ts'
import type { Catalogue } from '../../src/objective/golden.ts'
import { type Draw, type Loss, type Objective, objectives, type Part } from '../../src/objective/index.ts'
import { drawOf, inputsOf, type Place, placeFor, plane } from './setting.ts'
import { guides } from './stops.ts'
import { lossOf, type Term, terms } from './terms.ts'

/** A formula that is given one thing for another. */
export interface DrawMutant {
  readonly term: Term
  readonly name: string
  readonly change: (draw: Draw) => Draw
}

type Field = keyof Draw

/** What fails when it is used in any way. */
const unusable: never = new Proxy(() => {}, {
  get: () => {
    throw new Error('used')
  },
  apply: () => {
    throw new Error('used')
  },
}) as never

/** Whether a formula uses a field of its draw, or one of the draw's path. */
export function uses(loss: Loss, field: string, place: Place = plane): boolean {
  const without = (draw: Draw): Draw => {
    const [name, inner] = field.split('.')
    if (!inner) return { ...draw, [name]: unusable }
    return { ...draw, [name]: { ...(draw[name as Field] as object), [inner]: unusable } }
  }
  try {
    trace(
      inputs => loss(without(drawOf(guides(place.other(31), undefined, place), inputs))),
      inputsOf(place.batch).map(({ shape }) => spec(shape, 'float64')),
    )
    return false
  } catch {
    return true
  }
}

const negated = (field: VelocityField): VelocityField => ({ velocity: (x, t) => field.velocity(x, t).neg() })
const opposite = (map: FlowMap): FlowMap => ({
  velocity: (x, s, t) => map.velocity(x, s, t).neg(),
  jump: (x, s, t) => x.add(x).sub(map.jump(x, s, t)),
  ...(map.logits && { logits: (x, s, t) => map.logits!(x, s, t).neg() }),
})

/** Each field in the place of another of its kind. */
const EXCHANGES: readonly (readonly [Field, Field])[] = [
  ['map', 'target'],
  ['target', 'map'],
  ['target', 'frozen'],
  ['frozen', 'map'],
  ['frozen', 'target'],
  ['pretrained', 'map'],
  ['pretrained', 'target'],
  ['teacher', 'auxiliary'],
  ['teacher', 'map'],
  ['auxiliary', 'teacher'],
  ['auxiliary', 'map'],
  ['s', 't'],
  ['s', 'm'],
  ['t', 's'],
  ['t', 'm'],
  ['m', 's'],
  ['m', 't'],
  ['r', 's'],
  ['noise', 'r'],
  ['noise2', 'noise'],
  ['r2', 'r'],
]

/** What else may go wrong: signs, ends, sizes. */
const SLIPS: readonly {
  readonly name: string
  readonly of: string
  readonly change: (d: Draw) => Partial<Draw>
}[] = [
  {
    name: 'the teacher backwards',
    of: 'teacher',
    change: ({ teacher }) => ({ teacher: negated(teacher) }),
  },
  {
    name: 'the auxiliary backwards',
    of: 'auxiliary',
    change: ({ auxiliary }) => ({ auxiliary: negated(auxiliary) }),
  },
  { name: 'the target backwards', of: 'target', change: ({ target }) => ({ target: opposite(target) }) },
  { name: 'the student backwards', of: 'map', change: ({ map }) => ({ map: opposite(map) }) },
  {
    name: 'noise as data',
    of: 'path.x0',
    change: ({ path }) => ({ path: { ...path, at: path.at, x0: path.eps } }),
  },
  {
    name: 'data as noise',
    of: 'path.eps',
    change: ({ path }) => ({ path: { ...path, eps: path.eps.neg() } }),
  },
  {
    name: 'the velocity towards the data',
    of: 'path.velocity',
    change: ({ path }) => ({ path: { ...path, velocity: s => path.velocity(s).neg() } }),
  },
  {
    name: 'another point of the path',
    of: 'path.at',
    change: ({ path }) => ({ path: { ...path, at: s => path.at(s.mul(0.9)) } }),
  },
  ...(['error', 'distance'] as const).flatMap(of => [
    {
      name: `twice the prediction in ${of}`,
      of,
      change: ({ [of]: compare }: Draw) => ({
        [of]: (a: Tensor, b: Tensor) => compare(a.add(a), b),
      }),
    },
    {
      name: `twice the target in ${of}`,
      of,
      change: ({ [of]: compare }: Draw) => ({ [of]: (a: Tensor, b: Tensor) => compare(a, b.add(b)) }),
    },
    {
      name: `twice the ${of}`,
      of,
      change: ({ [of]: compare }: Draw) => ({ [of]: (a: Tensor, b: Tensor) => compare(a, b).mul(2) }),
    },
  ]),
]

/** Every exchange of things that a formula uses, for every formula of the catalogue. */
export const drawMutants: readonly DrawMutant[] = terms
  // `reflow` is `flow-matching` itself. Others are held to closed forms, with wrong ones of their own, elsewhere: rows that match
  // distributions in matching/, those with a divergence head in f2d2.test.ts, those of rewards in reward.test.ts.
  .filter(
    ({ id }) =>
      !['reflow', 'cafm', 'mfm-ft', 'reward-backprop'].includes(id) &&
      !objectives.get(id)!.head &&
      objectives.get(id)!.rule !== 'distributional',
  )
  .flatMap(term => {
    const loss = lossOf(term)
    const place = placeFor(term.id)
    const exchanged = EXCHANGES.filter(([field]) => uses(loss, field, place)).map(
      ([field, by]): DrawMutant => ({
        term,
        name: `${term.key}: ${by} for ${field}`,
        change: draw => ({ ...draw, [field]: draw[by] }),
      }),
    )
    const slips = SLIPS.filter(slip => uses(loss, slip.of, place)).map(
      ({ name, change }): DrawMutant => ({
        term,
        name: `${term.key}: ${name}`,
        change: draw => ({ ...draw, ...change(draw) }),
      }),
    )
    return [...exchanged, ...slips]
  })

/** The catalogue with one formula's draws changed. */
export function wrapped({ id, part }: Term, change: (draw: Draw) => Draw): Catalogue {
  const wrap =
    (loss: Loss): Loss =>
    draw =>
      loss(change(draw))
  const objective = objectives.get(id)!
  const { parts, diagonal, turns } = objective
  const changedPart = (p: Part): Part => (part === null || p.name === part ? { ...p, loss: wrap(p.loss) } : p)
  if (!parts && part === null) {
    const grounding = objectives.get(diagonal!)!
    const grounds: Objective['grounds'] = options => wrap(grounding.grounds!(options))
    return { objectives: new Map([...objectives, [diagonal!, { ...grounding, grounds }]]) }
  }
  const changed: Objective = {
    ...objective,
    ...(parts && { parts: options => parts(options).map(changedPart) }),
    ...(turns && {
      turns: options => turns(options).map(turn => ({ ...turn, parts: turn.parts.map(changedPart) })),
    }),
  }
  return { objectives: new Map([...objectives, [id, changed]]) }
}
