import { concat, constant, type Tensor, zerosLike } from '../../autodiff/index.ts'
import type { Condition } from '../condition.ts'
import { conditionings, embeddings } from '../embedding.ts'
import { shownScale } from '../guidance.ts'
import type { Named } from '../network.ts'
import { linear } from './linear.ts'
import { type DitOptions, ENDS, type Signal } from './options.ts'

/** The embeddings `[B, W]` of what a network is told, by the names of `signalsOf`. */
type Told = Named<Tensor>

const one = (like: Tensor): Tensor => constant(1, [], like.dtype)

/** `[B]`, `[B, 1]` or `[B, 1, ...]` as a column. */
const column = (x: Tensor): Tensor => x.reshape([x.shape[0], 1])

/** `Linear, SiLU, Linear`. */
const embedded = (parameters: Named<Tensor>, name: string, features: Tensor): Tensor =>
  linear(parameters, `${name}.1`, linear(parameters, `${name}.0`, features).silu())

/** Of a class, or of none where nobody says: `[B, W]` or `[1, W]`. */
const classRow = (table: Tensor, classes: number, seen: Tensor | undefined): Tensor =>
  seen ? table.gather(seen) : table.slice(0, classes, classes + 1)

/** Of vectors with a flag behind them, 1 for none; `[B, W]` or `[1, W]`. */
function vectorRow(parameters: Named<Tensor>, size: number, seen: Tensor | undefined): Tensor {
  const none = parameters['vector.null'].reshape([1, parameters['vector.null'].shape[0]])
  if (!seen) return none
  const isNone = seen.slice(1, size, size + 1)
  const own = embedded(parameters, 'vector', seen.slice(1, 0, size))
  return own.mul(one(isNone).sub(isNone)).add(none.mul(isNone))
}

/**
 * Embeds what a network is told.
 *
 * @param late  whether the last blocks of a `decoupled` network ask
 */
export function toldOf(
  options: DitOptions,
  parameters: Named<Tensor>,
  condition: Condition<Tensor>,
  times: { readonly s: Tensor; readonly t: Tensor; readonly late: boolean },
): Told {
  const { conditioning, embedding, frequencies, timeScale, classes, vector } = options
  const features = (x: Tensor): Tensor => embeddings[embedding](x, frequencies, timeScale)
  const [s, t] = [column(times.s), column(times.t)]
  const shown = conditionings[conditioning](s, t, times.late)
  const told = Object.fromEntries(
    shown.map((time, i) => [`time.${i}`, embedded(parameters, `time.${i}`, features(time))]),
  )
  const rows = [
    ...(classes === undefined ? [] : [classRow(parameters['class.table'], classes, condition.class)]),
    ...(vector === undefined ? [] : [vectorRow(parameters, vector, condition.vector)]),
  ]
  if (rows.length > 0) told.label = rows.reduce((a, b) => a.add(b))
  if (options.scale !== 'none') {
    told.scale = embedded(parameters, 'scale', features(shownScale(scaleOf(condition, s), options.scale)))
  }
  if (options.interval) {
    const ends = [condition.low ?? zerosLike(s), condition.high ?? zerosLike(s).add(1)]
    ENDS.forEach((name, i) => {
      told[name] = embedded(parameters, name, features(column(ends[i])))
    })
  }
  return told
}

/** What modulates the blocks of a backbone, `[B, W]`: the time of the noisy point. */
export const stateTime = (
  { embedding, frequencies, timeScale }: DitOptions,
  parameters: Named<Tensor>,
  tau: Tensor,
): Tensor =>
  embedded(parameters, 'state.time', embeddings[embedding](column(tau), frequencies, timeScale)).silu()

/** The guidance scale `[B, 1]`, 1 where nobody says. */
export const scaleOf = ({ scale }: Condition<Tensor>, s: Tensor): Tensor =>
  scale ? column(scale) : zerosLike(column(s)).add(1)

/** The conditioning vector `[B, W]` of adaLN. */
export const sumOf = (told: Told): Tensor => Object.values(told).reduce((a, b) => a.add(b))

/**
 * The tokens before the patches, `[B, tokens, W]`: a learned table for each group, and the embedding added to each of it.
 *
 * @param groups  in their order
 */
export function tokensOf(parameters: Named<Tensor>, told: Told, groups: readonly Signal[]): Tensor {
  const nothing = zerosLike(told['time.0'])
  return concat(
    groups.map(({ name }) => {
      const table = parameters[`tokens.${name}`]
      // What is the same for all samples is stretched over them.
      const embedding = nothing.add(told[name] ?? constant(0, [], table.dtype))
      return table.add(embedding.reshape([embedding.shape[0], 1, table.shape[1]]))
    }),
    1,
  )
}
