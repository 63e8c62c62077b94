import { signal, useSignal } from '@preact/signals'
import { type RecipeName, recipes } from '../../../config/recipes.ts'
import { recipeStages } from '../../engine/recipe-keys.ts'
import { freshPlan, type Plan } from '../../plan.ts'
import { anew } from '../../trainable.ts'
import { announce } from '../parts/announcements.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { MethodSearch } from '../parts/method-search.tsx'
import { CARDS, recipeValue, refusalsOf } from '../parts/methods.ts'
import { methodOf, targetName } from '../parts/run-name.ts'
import { MOST_RUNS, runs, selected } from '../state/store.ts'
import { add } from '../state/training.ts'
import './add-run.css'

const open = signal(false)

/** A run like another, from weights of its own and by another method. */
function besides(plan: Plan, method: string): Plan {
  const next = anew(plan)
  const name = (Object.keys(recipes) as RecipeName[]).find(name => recipeValue(name) === method)
  if (name) return { ...next, stages: recipeStages(name) }
  const { learningRate, recipe } = plan.stages.at(-1)!
  const rate = recipe ? freshPlan.stages[0].learningRate : learningRate
  return { ...next, stages: [{ objective: method, learningRate: rate, steps: 0, keep: false }] }
}

function addBy(method: string): void {
  const plan = besides(selected.value, method)
  open.value = false
  add(plan, 'held')
  announce(`Run ${runs.value.length} added: ${methodOf(plan)}`)
}

function AddRunDialog() {
  const refusals = refusalsOf(anew(selected.value))
  const method = useSignal('')
  return (
    <Dialog
      title="Add a run"
      onClose={() => {
        open.value = false
      }}
    >
      <p class="soft">
        On {targetName(selected.value)}, with the network and seed of the selected run, but new weights. It
        does not start training by itself.
      </p>
      <div class="methods">
        {CARDS.map(({ value, title, words }) => {
          const refusal = refusals.get(value)
          return (
            <button key={value} type="button" disabled={Boolean(refusal)} onClick={() => addBy(value)}>
              <strong>{title}</strong> {words}
              {refusal && ` (${refusal})`}
            </button>
          )
        })}
      </div>
      <details>
        <summary>Any other method</summary>
        <div class="panel">
          <MethodSearch
            value={method.value}
            refusals={refusals}
            onChoose={id => {
              method.value = id
            }}
          />
          <button
            type="button"
            class="main"
            disabled={method.value === ''}
            onClick={() => addBy(method.value)}
          >
            Add
          </button>
        </div>
      </details>
    </Dialog>
  )
}

export function AddRun() {
  const full = runs.value.length >= MOST_RUNS
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        disabled={full}
        title={full ? `At most ${MOST_RUNS} runs` : undefined}
        onClick={() => {
          open.value = true
        }}
      >
        Add a run
      </button>
      {open.value && <AddRunDialog />}
    </>
  )
}
