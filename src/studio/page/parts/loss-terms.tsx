import { useMemo } from 'preact/hooks'
import type { Config } from '../../../config/index.ts'
import { objectives } from '../../../objective/index.ts'
import { recipeStages } from '../../engine/recipe-keys.ts'
import { configOf } from '../../engine/session.ts'
import { type LossFormula, type LossTerm, lossFormula } from '../../loss-formula.ts'
import { isAsShipped } from '../../plan.ts'
import { selected, selectedLive } from '../state/store.ts'
import { Formula } from './formula.tsx'
import { markOf, Swatch } from './marks.tsx'
import { CARDS } from './methods.ts'
import { datasetOf } from './target-points.ts'
import './loss-terms.css'

const percent = (share: number): string => `${Math.round(100 * share)}% of the batch`

/** A term's weight in the loss, which may hold its part of the batch. */
const weightOf = ({ weight, share, plain }: LossTerm): string =>
  plain === undefined || plain === weight
    ? `weight ${weight}`
    : `weight ${weight} = ${plain} × ${Math.round(100 * share)}%`

/** A number with three digits, as long as that is short. */
export const short = (value: number): string =>
  (Math.abs(value) >= 0.001 && Math.abs(value) < 1e5) || value === 0
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(1).replace('e+', 'e')

function Term({ term, at, value }: { term: LossTerm; at: number; value: number | undefined }) {
  return (
    <li class="term">
      <p class="name">
        <Swatch mark={markOf(at)} /> <strong>{term.title}</strong>
        <output>{value === undefined ? '' : short(value)}</output>
      </p>
      <Formula tex={term.tex} block />
      <p class="soft">
        {percent(term.share)}, {weightOf(term)}
      </p>
    </li>
  )
}

/** The configuration of the training as it is now. */
export function useConfig(): Config {
  const { stages, target, ...rest } = selected.value
  const { steps: _, ...stage } = stages.at(-1)!
  // Each report brings a plan of its own, whose steps have grown.
  const key = JSON.stringify([rest, target, stage])
  return useMemo(() => {
    const exact = datasetOf(target).mixture !== undefined
    return configOf(selected.value, stages.at(-1)!, exact)
  }, [key])
}

/** Its terms. */
export function useFormula(): LossFormula {
  const config = useConfig()
  return useMemo(() => lossFormula(config), [config])
}

/** Which part of a recipe the objective is, whose card is the chosen one. */
function OfRecipe() {
  const plan = selected.value
  const { objective, recipe } = plan.stages.at(-1)!
  const { title } = CARDS[0]
  if (recipe) {
    const stages = recipeStages(recipe.name)
    const at = stages.findIndex(stage => stage.objective === objective)
    const learns = at === 0 ? 'the velocity' : 'one jump, from the velocity of stage 1'
    return (
      <p>
        Stage {at + 1} of {stages.length} of “{title}”: it learns {learns}.
      </p>
    )
  }
  if (!isAsShipped(plan)) return null
  return (
    <p>“Keep training” continues with this objective. “Train from scratch” uses the stages of “{title}”.</p>
  )
}

/** The objective's formula by its terms, with their losses, and what is worth knowing of it. */
export function LossTerms() {
  const { terms, where } = useFormula()
  const objective = objectives.get(selected.value.stages.at(-1)!.objective)!
  const losses = selectedLive.value?.curve.at(-1)?.terms
  return (
    <section class="panel loss" aria-label="Objective">
      <h2>{objective.name}</h2>
      <OfRecipe />
      <p class="soft">
        The loss is the weighted sum of these terms, each averaged over its part of the batch. No gradient
        flows through sg[·].
      </p>
      <ul class="terms">
        {terms.map((term, i) => (
          <Term key={term.term} term={term} at={i} value={losses?.[term.term]} />
        ))}
      </ul>
      {where.map(tex => (
        <p key={tex} class="where">
          where <Formula tex={tex} />
        </p>
      ))}
      <p>
        <strong>When to use it.</strong> {objective.whenToUse}
      </p>
      <p>
        <strong>What goes wrong.</strong> {objective.trouble}
      </p>
      <p class="soft">
        <Paper text={objective.paper} />
      </p>
    </section>
  )
}

/** The paper, linked by its number. */
function Paper({ text }: { text: string }) {
  const number = /arXiv:(\d{4}\.\d{5})/.exec(text)?.[1]
  if (!number) return <>{text}</>
  return (
    <a href={`https://arxiv.org/abs/${number}`} target="_blank" rel="noreferrer">
      {text}
    </a>
  )
}
