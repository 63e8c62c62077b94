import { computed, signal } from '@preact/signals'
import { type RecipeName, recipes } from '../../../config/recipes.ts'
import { type Objective, objectives, type Rule } from '../../../objective/index.ts'
import { recipeStages } from '../../engine/recipe-keys.ts'
import { freshPlan, isUntouched, type Plan } from '../../plan.ts'
import { refusalOf } from '../../trainable.ts'
import { selected } from '../state/store.ts'
import { change } from '../state/training.ts'
import { begin, remark } from './choose.ts'
import { datasetOf } from './target-points.ts'
import './objective.css'

/** Whether a change of the objective or the learning rate goes on with the weights. */
export const keepWeights = signal(true)

const RULES: readonly (readonly [Rule, string])[] = [
  ['lagrangian', 'Lagrangian: follow the path'],
  ['compositional', 'Compositional: two jumps are one'],
  ['eulerian', 'Eulerian: the start may slide'],
  ['diagonal', 'Diagonal: the velocity alone'],
]

/** What an objective's refusal goes by; a training's steps do not change it. */
const keyOf = ({ stages, ...rest }: Plan): string =>
  JSON.stringify({ ...rest, stages: stages.map(({ objective, steps }) => [objective, steps > 0]) })

let known: { key: string; refusals: ReadonlyMap<string, string | null> } | undefined

/** Whether the first picture has been painted. */
const looked = signal(false)
setTimeout(() => {
  looked.value = true
}, 500)

/** Why each objective cannot be next. */
const refusals = computed(() => {
  const plan = selected.value
  const key = keyOf(plan)
  if (known?.key !== key) {
    // One by one they would hold up the first picture.
    if (!looked.value) return new Map<string, string | null>()
    const dataset = datasetOf(plan.target)
    known = { key, refusals: new Map([...objectives.keys()].map(id => [id, refusalOf(plan, id, dataset)])) }
  }
  return known.refusals
})

function Choice({ id, name }: Objective) {
  const refusal = refusals.value.get(id)
  return (
    <option key={id} value={id} disabled={Boolean(refusal)}>
      {id}: {name}
      {refusal ? ` (${refusal})` : ''}
    </option>
  )
}

/** What the choice of a recipe is called among the objectives. */
const recipeValue = (name: string): string => `recipe:${name}`

function choose(value: string): void {
  const { recipe, ...stage } = selected.value.stages.at(-1)!
  const name = (Object.keys(recipes) as RecipeName[]).find(name => recipeValue(name) === value)
  remark.value = null
  if (name) {
    begin({ stages: recipeStages(name) })
    return
  }
  const rate = recipe ? { learningRate: freshPlan.stages[0].learningRate } : {}
  change({ ...stage, ...rate, objective: value, keep: keepWeights.value })
}

/** What those that need a teacher can be helped by, where the target has none of its own. */
function TeacherFirst() {
  const waiting = [...refusals.value.values()].filter(refusal => refusal?.startsWith('train ')).length
  if (![...refusals.value.values()].includes('train flow-matching first')) return null
  return (
    <div class="note">
      <p>
        {waiting === 1 ? '1 objective learns' : `${waiting} objectives learn`} from a teacher, and there is
        none yet: the exact velocity of this target is not known. What was trained before can be the teacher.
      </p>
      <button type="button" onClick={() => choose('flow-matching')}>
        Train a teacher: flow-matching
      </button>
    </div>
  )
}

/** The catalogue, by the rule that each objective goes by. */
export function ObjectivePicker() {
  const { objective, recipe } = selected.value.stages.at(-1)!
  return (
    <>
      <label class="field">
        {isUntouched(selected.value) ? 'Objective of your training' : 'Objective'}
        <select
          value={recipe ? recipeValue(recipe.name) : objective}
          onChange={event => choose(event.currentTarget.value)}
        >
          <optgroup label="Recipe: begins anew">
            {Object.values(recipes).map(({ id, summary }) => (
              <option
                key={id}
                value={recipeValue(id)}
                title={summary}
                disabled={selected.value.condition !== undefined}
              >
                {id} (recommended)
              </option>
            ))}
          </optgroup>
          {RULES.map(([rule, title]) => (
            <optgroup key={rule} label={title}>
              {[...objectives.values()].filter(row => row.rule === rule).map(Choice)}
            </optgroup>
          ))}
        </select>
      </label>
      <TeacherFirst />
      {remark.value && (
        <p class="note" role="status">
          {remark.value}
        </p>
      )}
    </>
  )
}
