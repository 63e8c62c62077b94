import type { Config } from '../config/index.ts'
import { objectives } from '../objective/index.ts'

/** A term of the loss that a training minimises. */
export interface LossTerm {
  /** As in the metrics. */
  readonly term: string
  readonly title: string
  readonly tex: string
  /** Part of the batch that it is computed on. */
  readonly share: number
  /** What its mean over its samples is multiplied by in the loss; a range where it changes over the training. */
  readonly weight: string
  /** The same before it is multiplied by the part of the batch, where it is. */
  readonly plain?: string
}

export interface LossFormula {
  readonly terms: readonly LossTerm[]
  /** Definitions of the letters in them. */
  readonly where: readonly string[]
}

const number = (value: number): string => String(Number(value.toPrecision(3)))

/** A weight that may be a schedule, times a number. */
function weightText(weight: unknown, times: number): string {
  if (weight === undefined) return number(times)
  if (typeof weight === 'number') return number(weight * times)
  const { from, to } = weight as { from: number; to: number }
  return `${number(from * times)} to ${number(to * times)}`
}

/** A name at the beginning of a line. */
export const titled = (name: string): string => name[0].toUpperCase() + name.slice(1)

/** The formula of a training, taken apart into the terms that are computed and reported each by itself. */
export function lossFormula({
  objective: id,
  options,
  diagonal,
  consistency,
  termWeights,
}: Config): LossFormula {
  const objective = objectives.get(id)!
  const { terms: formulas, where = [] } = objective
  const scale = (share: number): number => (termWeights === 'fraction' ? share : 1)
  const grounding = diagonal.fraction > 0 && diagonal.objective ? objectives.get(diagonal.objective)! : null
  const below: LossTerm[] = grounding
    ? [
        {
          term: 'diagonal',
          title: objective.parts ? `Diagonal, ${grounding.name.toLowerCase()}` : objective.name,
          tex: (objective.parts ? grounding : objective).terms.diagonal,
          share: diagonal.fraction,
          weight: number(diagonal.weight * scale(diagonal.fraction)),
          plain: number(diagonal.weight),
        },
      ]
    : []
  const share = (1 - diagonal.fraction) * consistency.fraction
  // Every turn has terms, each on draws of its own.
  const parts =
    objective.turns?.(options as never).flatMap(turn => turn.parts) ??
    objective.parts?.(options as never) ??
    []
  const above = parts.map(({ name, weight }): LossTerm => {
    return {
      term: name,
      title: titled(name),
      tex: formulas[name],
      share,
      weight: weightText(weight, consistency.weight * scale(1 - diagonal.fraction)),
      ...(consistency.fraction === 1 && { plain: weightText(weight, consistency.weight) }),
    }
  })
  return { terms: [...above, ...below], where }
}
