import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type Objective, objectives } from '../../../objective/index.ts'
import { trainedBy } from '../../example/trained-by.ts'
import { fileOfPlan, freshPlan, isUntouched, type Plan, type Stage, stepsOf } from '../../plan.ts'
import { anew } from '../../trainable.ts'
import { announce } from '../parts/announcements.tsx'
import {
  add,
  live,
  MOST_RUNS,
  pause,
  play,
  remove,
  selected,
  state,
  update,
  waiting,
} from '../state/store.ts'
import './run-strip.css'

/** Outlines of the marks of runs, in a square of 16: told apart without colour. */
const OUTLINES = ['M8 1a7 7 0 1 0 .01 0z', 'M8 1l7 14H1z', 'M2 2h12v12H2z', 'M8 0l8 8-8 8-8-8z']

/** The mark of a run over a picture, of a width in units of the picture; its colour is the class's. */
export function MarkAt({
  at,
  x,
  y,
  width,
  kind,
}: {
  at: number
  x: number
  y: number
  width: number
  kind: string
}) {
  const scale = width / 16
  return (
    <path
      class={kind}
      d={OUTLINES[at]}
      transform={`translate(${x - width / 2} ${y - width / 2}) scale(${scale})`}
    />
  )
}

/** The mark of the run at a place. */
export function Mark({ at }: { at: number }) {
  return (
    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
      <path d={OUTLINES[at]} fill={`var(--run-${at})`} />
    </svg>
  )
}

export const targetName = ({ target }: Plan): string =>
  target.kind === 'built-in' ? target.name : target.kind === 'density' ? 'drawing' : target.name

const lastStage = (plan: Plan): Stage => (isUntouched(plan) ? trainedBy : plan).stages.at(-1)!

/** What a run was trained by last. */
export const objectiveOf = (plan: Plan): string => lastStage(plan).objective

/** What a run is called: its objective and its target. */
export function runName(plan: Plan): string {
  const { objective, tilt } = lastStage(plan)
  return `${objective}${tilt ? ', tilted' : ''} on ${targetName(plan)}`
}

const inWords = (value: number): string => value.toLocaleString('en')

/** How far a run is: its steps, or that it came trained. */
export function progressOf(plan: Plan): string {
  const file = fileOfPlan(plan)
  const steps = stepsOf(plan)
  if (isUntouched(plan)) return 'trained example'
  if (file && steps === 0) return file.name
  const isOnExample = plan.start === 'example' && plan.stages.every(({ keep }) => keep)
  return `${isOnExample ? 'example + ' : ''}${inWords(steps)} ${steps === 1 ? 'step' : 'steps'}`
}

/** Objectives that need nothing but data: any target can be trained with them. */
const fromData = [...objectives.values()].filter(
  ({ needs, defaults }) => needs.every(need => need === 'data') && !defaults.coupling,
)

const byRule = (): [string, Objective[]][] => {
  const groups = new Map<string, Objective[]>()
  for (const objective of fromData)
    groups.set(objective.rule, [...(groups.get(objective.rule) ?? []), objective])
  return [...groups]
}

const next = signal('psd')

function AddRun() {
  const full = state.value.runs.length >= MOST_RUNS
  return (
    <div class="adding">
      <label>
        New run with
        <select
          value={next.value}
          onChange={event => {
            next.value = event.currentTarget.value
          }}
        >
          {byRule().map(([rule, rows]) => (
            <optgroup key={rule} label={rule}>
              {rows.map(({ id, name }) => (
                <option key={id} value={id}>
                  {id}: {name}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <button
        type="button"
        disabled={full}
        title={
          full
            ? `At most ${MOST_RUNS} runs`
            : 'The settings of the selected run with this objective and new weights'
        }
        onClick={() => {
          const plan = selected.value
          const { learningRate, recipe } = plan.stages.at(-1)!
          const own = recipe ? freshPlan.stages[0].learningRate : learningRate
          add({
            ...anew(plan),
            stages: [{ objective: next.value, learningRate: own, steps: 0, keep: false }],
          })
          announce(`Run ${state.value.runs.length} added: ${next.value}`)
        }}
      >
        Add run
      </button>
    </div>
  )
}

function removeRun(at: number): void {
  remove(at)
  announce(`Run ${at + 1} removed`)
  // The button that had the focus is gone.
  document.querySelector<HTMLElement>('.strip .run[aria-pressed="true"]')?.focus()
}

function Run({ plan, at }: { plan: Plan; at: number }) {
  const now = live.value[at]
  const goal = now ? now.goal : stepsOf(plan) || null
  const replays = goal !== null && (now ? now.playing : !waiting.value.includes(plan))
  const taken = now ? stepsOf(plan) : 0
  useEffect(() => {
    if (replays) announce(`Run ${at + 1}: replaying ${inWords(goal)} steps`)
    return () => {
      if (replays) announce(`Run ${at + 1} is replayed`)
    }
  }, [replays])
  return (
    <li>
      <button
        type="button"
        class="run"
        aria-pressed={state.value.selected === at}
        onClick={() => update({ selected: at })}
      >
        <Mark at={at} />
        <span class="called" title={runName(plan)}>
          {at + 1} {runName(plan)}
        </span>
        <span class="soft">
          {goal === null
            ? `${progressOf(plan)}${now?.playing ? ', training' : ''}`
            : `${replays ? 'replaying ' : ''}${inWords(taken)} of ${inWords(goal)} steps`}
        </span>
      </button>
      {state.value.runs.length > 1 && (
        <button
          type="button"
          class="remove"
          aria-label={`Remove run ${at + 1}`}
          onClick={() => removeRun(at)}
        >
          <span aria-hidden="true">×</span>
        </button>
      )}
    </li>
  )
}

/** Runs that are played together: the example is there to be looked at until somebody trains it. */
const played = (): number[] =>
  [...state.value.runs.keys()].filter(at => !isUntouched(state.value.runs[at]) || live.value[at]?.playing)

/** The trainings that are open: chosen, added, removed, and started or stopped together. */
export function RunStrip() {
  const { runs } = state.value
  const playing = live.value.some(run => run?.playing)
  return (
    <section class="strip" aria-labelledby="runs-heading">
      <h2 id="runs-heading">Runs</h2>
      <ol>
        {runs.map((plan, at) => (
          <Run key={at} plan={plan} at={at} />
        ))}
      </ol>
      <AddRun />
      <div class="buttons">
        <button
          type="button"
          disabled={played().length === 0}
          title={played().length === 0 ? 'The example is trained already; add a run of your own' : undefined}
          onClick={() => {
            for (const at of played()) (playing ? pause : play)(at)
          }}
        >
          {playing ? 'Pause all' : 'Play all'}
        </button>
      </div>
    </section>
  )
}
