import { computed, signal } from '@preact/signals'
import { type RecipeName, recipes } from '../../../config/recipes.ts'
import { type Objective, objectives, type Rule } from '../../../objective/index.ts'
import { recipeStages } from '../../engine/recipe-keys.ts'
import { freshPlan, isAsShipped, type Plan } from '../../plan.ts'
import { refusalOf } from '../../trainable.ts'
import { selected } from '../state/store.ts'
import { change } from '../state/training.ts'
import { begin, remark } from './choose.ts'
import { datasetOf } from './target-points.ts'
import './objective.css'

/** Whether a change of the objective or the learning rate goes on with the weights. */
export const keepWeights = signal(true)

const RULES: readonly (readonly [Rule, string])[] = [
  ['compositional', 'Semigroup: two jumps are one'],
  ['lagrangian', 'Lagrangian: the end moves with the velocity'],
  ['eulerian', 'Eulerian: every start has the same end'],
  ['distributional', 'Distribution alone: what comes out, not where from'],
  ['diagonal', 'Velocity alone'],
]

/** What is offered first: the recipe, and one method of each rule. */
const CARDS = [
  {
    value: 'recipe:one-step',
    title: 'Make it one-step',
    words: 'Learns the velocity first, then one jump. Recommended.',
  },
  { value: 'psd', title: 'Semigroup', words: 'Two jumps are one. As in shortcut models.' },
  { value: 'lsd', title: 'Lagrangian', words: 'The end moves with the velocity.' },
  {
    value: 'meanflow',
    title: 'Eulerian',
    words: 'Every start on a path has the same end. As in MeanFlow and consistency models.',
  },
] as const

/** What methods are searched for. */
const sought = signal('')

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
        {waiting === 1 ? '1 objective learns' : `${waiting} objectives learn`} from a teacher, and there is
        none yet: the exact velocity of this target is not known. What was trained before can be the teacher.
      </p>
      <button type="button" onClick={() => choose('flow-matching')}>
        Train a teacher: flow-matching
      </button>
    </div>
  )
}

/** Whether a method is what was searched for, by its names or its paper. */
const isSought = ({ id, name, paper }: Objective): boolean =>
  `${id} ${name} ${paper}`.toLowerCase().includes(sought.value.trim().toLowerCase())

/** The whole catalogue, by the rule that each objective goes by. */
export function Catalogue() {
  const value = chosenMethod()
  const found = [...objectives.values()].filter(isSought)
  const shown = found.some(({ id }) => id === value)
  return (
    <fieldset class="catalogue">
      <legend>All {objectives.size} methods</legend>
      <label class="field">
        Search
        <input
          type="search"
          placeholder="consistency, Align Your Flow, 2505.13447 …"
          value={sought.value}
          onInput={event => {
            sought.value = event.currentTarget.value
          }}
        />
      </label>
      <label class="field">
        Objective
        <select value={shown ? value : ''} onChange={event => choose(event.currentTarget.value)}>
          {!shown && (
            <option value="" disabled>
              {found.length === 1 ? '1 method' : `${found.length} methods`}
            </option>
          )}
          {RULES.map(([rule, title]) => {
            const rows = found.filter(row => row.rule === rule)
            return (
              rows.length > 0 && (
                <optgroup key={rule} label={title}>
                  {rows.map(Choice)}
                </optgroup>
              )
            )
          })}
        </select>
      </label>
      <TeacherFirst />
    </fieldset>
  )
}

/** How a training learns: the recipe, or one of the three rules. */
export function RulePicker() {
  const plan = selected.value
  const value = chosenMethod()
  const refusalOfCard = (card: string): string | null =>
    card.startsWith('recipe:')
      ? plan.condition
        ? 'not with classes'
        : null
      : (refusals.value.get(card) ?? null)
  return (
    <>
      <fieldset class="rules">
        <legend>How to train</legend>
        {CARDS.map(card => {
          const refusal = refusalOfCard(card.value)
          return (
            <label key={card.value} class="card">
              <input
                type="radio"
                name="rule"
                checked={value === card.value}
                disabled={refusal !== null}
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
