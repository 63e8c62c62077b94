import type { z } from 'zod'
import type { Catalogue } from '../../src/objective/golden.ts'
import {
  isSchedule,
  type Loss,
  type Objective,
  objectives,
  type Part,
  valueAt,
} from '../../src/objective/index.ts'

export const catalogue: Catalogue = { objectives }

/** One formula of the catalogue: a part of a row, under one choice of the options that are no numbers. */
export interface Term {
  /** `ROW`, `ROW:PART` where there are several, and the options that are not the defaults. */
  readonly key: string
  readonly id: string
  readonly part: string | null
  readonly options: Readonly<Record<string, unknown>>
}

type Fields = Record<string, { readonly def: { readonly type: string; readonly innerType?: never } }>

/** The options of a row by name, without their defaults and alternatives. */
export const fieldsOf = (objective: Objective): Fields =>
  (objective.options as unknown as { readonly shape: Fields }).shape

/** The values of an option that has few: a choice between words, or yes and no. */
function choicesOf(field: Fields[string]): readonly unknown[] {
  const { type, innerType } = field.def
  if (type === 'default' || type === 'prefault') return choicesOf(innerType!)
  if (type === 'boolean') return [false, true]
  return type === 'enum' ? (field as unknown as z.ZodEnum).options : []
}

/** Every choice of the options of a row that are no numbers. */
export function variantsOf(objective: Objective): Readonly<Record<string, unknown>>[] {
  return Object.entries(fieldsOf(objective)).reduce<Record<string, unknown>[]>(
    (variants, [name, field]) => {
      const choices = choicesOf(field)
      if (choices.length === 0) return variants
      return variants.flatMap(variant => choices.map(choice => ({ ...variant, [name]: choice })))
    },
    [{}],
  )
}

/** Options as a formula gets them at the end of a training. */
export function present(objective: Objective, options: object): Record<string, unknown> {
  const parsed = objective.options.parse(options) as object
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => [name, isSchedule(value) ? valueAt(value, 1) : value]),
  )
}

function keyOf(id: string, part: string | null, options: object): string {
  const chosen = Object.entries(options).map(([name, value]) => `${name}=${value}`)
  return [part === null ? id : `${id}:${part}`, ...chosen].join(' ')
}

/** The parts of a row's turns, or of the one that it has. */
const partsOf = (objective: Objective, given: Record<string, unknown>): readonly Part[] =>
  objective.turns?.(given as never).flatMap(({ parts }) => parts) ?? objective.parts?.(given as never) ?? []

/** All formulas of the catalogue. */
export const terms: readonly Term[] = [...objectives.values()].flatMap(objective =>
  variantsOf(objective).flatMap((options): Term[] => {
    const { id } = objective
    const own = partsOf(objective, present(objective, options))
    const parts = objective.parts ? own : [null, ...own]
    return parts.map(part => {
      const name = parts.length > 1 && part ? part.name : null
      return { key: keyOf(id, name, options), id, part: name, options }
    })
  }),
)

/** The loss of a term, with other values of its numbers. */
export function lossOf(
  { id, part, options }: Pick<Term, 'id' | 'part' | 'options'>,
  changed: object = {},
  { objectives }: Catalogue = catalogue,
): Loss {
  const objective = objectives.get(id)!
  const given = present(objective, { ...options, ...changed })
  const parts = partsOf(objective, given)
  if (part === null && !objective.parts) return objectives.get(objective.diagonal!)!.grounds!(given)
  return (part === null ? parts[0] : parts.find(({ name }) => name === part)!).loss
}

/** The loss of a row of one part. */
export const lossOfRow = (id: string, options: object = {}): Loss =>
  lossOf({ id, part: null, options: {} }, options)

/** What a part is besides its loss. */
interface Role {
  /** The option that is its weight. */
  readonly weight?: string
  /** Whether it is trained as it stands. */
  readonly plain?: true
  /** The formula of what is reported of it; nameless where options make it. */
  readonly residual?: string
}

export const roles: Readonly<Record<string, Role>> = {
  'tvm:anchor': { weight: 'anchorWeight' },
  'facm:anchor': { weight: 'anchorWeight' },
  'boot:bootstrap': { residual: '' },
  'boot:boundary': { weight: 'boundary' },
  'freeflow:correction': { weight: 'correctionWeight', plain: true },
  'freeflow:auxiliary': { plain: true },
  'fmlm-residual:residual': { plain: true },
  'reward-backprop:reward': { plain: true },
  'reward-backprop:semigroup': { weight: 'semigroup' },
  dmf: { plain: true, residual: 'meanflow' },
  'falcon:average': { weight: 'average' },
  'falcon:inverse': { weight: 'inverse' },
  'reverse-kl': { plain: true },
  'dmd:matching': { plain: true },
  'dmd:fake': { plain: true },
  'dmd-steps:matching': { plain: true },
  'dmd-steps:fake': { plain: true },
  'sid:matching': { plain: true },
  'sid:fake': { plain: true },
  'moment:matching': { plain: true },
  'moment:fake': { plain: true },
  'gan:gan': { plain: true },
  'gan:critic': { plain: true },
  cafm: { plain: true },
  imm: { plain: true },
  // A divergence, or a square summed over symbols, is no residual.
  'psd-simplex': { plain: true },
  'lsd-simplex': { plain: true },
  'esd-simplex': { plain: true },
  csd: { plain: true },
  ecld: { plain: true },
  drifting: { plain: true },
  frechet: { plain: true },
  'self-e:fake': { plain: true },
  'tmd:matching': { plain: true },
  'tmd:fake': { plain: true },
  'f2d2:shortcut:divergence': { weight: 'weight', plain: true },
  'f2d2:meanflow:divergence': { weight: 'weight', plain: true },
  'f2d2:lsd:divergence': { weight: 'weight', plain: true },
}

/** Whether the parts of a row have the weights that their options say. */
export function isWeighed(id: string, { objectives }: Catalogue = catalogue): boolean {
  const objective = objectives.get(id)!
  const expected = (key: string) => roles[key] ?? {}
  return [0.37, 1.25].every(value => {
    const given = Object.entries(roles).flatMap(([key, { weight }]) =>
      weight && (key === id || key.startsWith(`${id}:`)) ? [[weight, value]] : [],
    )
    const parts = partsOf(objective, present(objective, Object.fromEntries(given)))
    return parts.every(({ name, weight, plain, residual }) => {
      const role = expected(parts.length > 1 ? `${id}:${name}` : id)
      return weight === (role.weight && value) && plain === role.plain && residual?.name === role.residual
    })
  })
}
