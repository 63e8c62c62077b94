import { select, type Tensor, zerosLike } from '../autodiff/index.ts'
import type { Average } from '../config/averages.ts'
import { type PresentValues, weightName } from '../config/scheduled-values.ts'
import type { Named } from '../model/index.ts'
import { averagesFor, GRADIENT, type TrainedPlayer, vectorName } from './players.ts'

/** The vectors that a step carries, by `vectorName`; what follows replaces some of them. */
export type Vectors = Record<string, Tensor>

/** One update of a player by its optimiser. @param direction  the gradient `[P]` */
export function updatePlayer(
  vectors: Vectors,
  { name, optimizer }: TrainedPlayer,
  direction: Tensor,
  rates: Tensor,
): void {
  const own = Object.fromEntries(
    Object.keys(optimizer.init(0)).map(vector => [vector, vectors[vectorName(name, vector)]]),
  )
  const parameters = vectors[vectorName(name, 'parameters')]
  const { update, state } = optimizer.update({ parameters, direction, rates }, own)
  vectors[vectorName(name, 'parameters')] = update.parameters.sub(update.direction)
  for (const [vector, value] of Object.entries(state)) vectors[vectorName(name, vector)] = value
}

/** Moves the averages towards the parameters after an update. */
export function updateAverages(
  vectors: Vectors,
  players: readonly TrainedPlayer[],
  averages: readonly Average[],
  present: PresentValues,
): void {
  for (const { name } of players) {
    const after = vectors[vectorName(name, 'parameters')]
    for (const average of averagesFor(averages, name)) {
      const vector = vectorName(name, average.vector)
      const weight = typeof average.weight === 'number' ? average.weight : present[weightName(average)]
      vectors[vector] = vectors[vector].add(after.sub(vectors[vector]).mul(weight))
    }
  }
}

/**
 * The gradient of an update that is made of several batches: what it has of those so far, this one's part added.
 *
 * @param batches  their number, over which it is the mean
 */
export function gathered(vectors: Vectors, name: string, gradient: Tensor, batches: number): Tensor {
  if (batches === 1) return gradient
  const vector = vectorName(name, GRADIENT)
  vectors[vector] = vectors[vector].add(gradient.mul(1 / batches))
  return vectors[vector]
}

/** Takes an update back while its player stands still. @param together  `[]`, 1 where everybody trains */
export function heldWhileAlone(vectors: Vectors, before: Named<Tensor>, together: Tensor): void {
  for (const [name, vector] of Object.entries(vectors)) {
    if (vector !== before[name]) vectors[name] = select(together.equal(1), vector, before[name])
  }
}

/**
 * Holds an update back until its last batch: before, only the gathered gradient goes on; after, it begins anew.
 *
 * @param before  the vectors at the beginning of the step
 * @param last  `[1]`, 1 for the last batch, otherwise 0
 */
export function heldUntil(vectors: Vectors, before: Named<Tensor>, last: Tensor): void {
  const isLast = last.equal(1)
  for (const [name, vector] of Object.entries(vectors)) {
    vectors[name] = name.endsWith(`.${GRADIENT}`)
      ? select(isLast, zerosLike(vector), vector)
      : select(isLast, vector, before[name])
  }
}
