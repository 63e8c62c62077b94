import { computed, signal } from '@preact/signals'
import { type RecipeName, recipes } from '../../../config/recipes.ts'
import { objectives } from '../../../objective/index.ts'
import { recipeStages } from '../../engine/recipe-keys.ts'
import { freshPlan, isAsShipped } from '../../plan.ts'
import { selected } from '../state/store.ts'
import { change } from '../state/training.ts'
import { begin, remark } from './choose.ts'
import { MethodSearch } from './method-search.tsx'
import { CARDS, type Refusals, recipeValue, refusalsOf } from './methods.ts'
import './objective.css'

/** Whether a change of the objective or the learning rate goes on with the weights. */
export const keepWeights = signal(true)

/** What methods are searched for. */
const sought = signal('')

/** Whether the first picture has been painted. */
const looked = signal(false)
setTimeout(() => {
  looked.value = true
}, 500)

/** Why each method cannot be next; one by one they would hold up the first picture. */
const refusals = computed<Refusals>(() => (looked.value ? refusalsOf(selected.value) : new Map()))

/** The recipe or the objective of the selected run; what came trained was trained by the recipe, and begins anew by it. */
function chosenMethod(): string {
  const plan = selected.value
  const { objective, recipe } = plan.stages.at(-1)!
  return isAsShipped(plan) ? CARDS[0].value : recipe ? recipeValue(recipe.name) : objective
}

function choose(value: string): void {
  const { recipe, ...stage } = selected.value.stages.at(-1)!
  const name = (Object.keys(recipes) as RecipeName[]).find(name => recipeValue(name) === value)
  remark.value = null
  if (name) {
    begin({ stages: recipeStages(name) })
    return
  }
  const rate = recipe || isAsShipped(selected.value) ? { learningRate: freshPlan.stages[0].learningRate } : {}
  change({ ...stage, ...rate, objective: value, keep: keepWeights.value })
}

/** What those that need a teacher can be helped by, where the target has none of its own. */
function TeacherFirst() {
  const waiting = [...refusals.value.values()].filter(refusal => refusal?.startsWith('train ')).length
  if (![...refusals.value.values()].includes('train flow-matching first')) return null
  return (
    <div class="note">
      <p>
        {waiting === 1 ? '1 objective needs' : `${waiting} objectives need`} a teacher, because the exact
        velocity of this target is not known. Train one first.
      </p>
      <button type="button" onClick={() => choose('flow-matching')}>
        Train a teacher: flow-matching
      </button>
    </div>
  )
}

/** The whole catalogue. */
export function Catalogue() {
  return (
    <fieldset class="catalogue">
      <legend>All {objectives.size} methods</legend>
      <MethodSearch value={chosenMethod()} refusals={refusals.value} onChoose={choose} sought={sought} />
      <TeacherFirst />
    </fieldset>
  )
}

/** How a training learns: the recipe, or one of the three rules. */
export function RulePicker() {
  const value = chosenMethod()
  return (
    <>
      <fieldset class="rules">
        <legend>How to train</legend>
        {CARDS.map(card => {
          const refusal = refusals.value.get(card.value)
          return (
            <label key={card.value} class="card">
              <input
                type="radio"
                name="rule"
                checked={value === card.value}
                disabled={Boolean(refusal)}
                onChange={() => choose(card.value)}
              />
              <span>
                <strong>{card.title}</strong> {card.words}
                {refusal && ` (${refusal})`}
              </span>
            </label>
          )
        })}
      </fieldset>
      {remark.value && (
        <p class="note" role="status">
          {remark.value}
        </p>
      )}
    </>
  )
}
