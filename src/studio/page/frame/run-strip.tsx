import { useEffect } from 'preact/hooks'
import { isUntouched, stepsOf } from '../../plan.ts'
import { announce } from '../parts/announcements.tsx'
import { Mark } from '../parts/run-mark.tsx'
import { methodOf, progressOf, runName, targetName } from '../parts/run-name.ts'
import { isReplaying, type Run, stepsSince } from '../state/run.ts'
import { runs, state, update } from '../state/store.ts'
import { pause, play } from '../state/training.ts'
import { removeRun } from '../state/undo.ts'
import { AddRun } from './add-run.tsx'
import './run-strip.css'

const inWords = (value: number): string => value.toLocaleString('en')

function drop(at: number): void {
  removeRun(at)
  announce(`Run ${at + 1} removed`)
  // The button that had the focus is gone.
  document.querySelector<HTMLElement>('.strip .run[aria-pressed="true"]')?.focus()
}

function RunEntry({ run, at }: { run: Run; at: number }) {
  const { plan, live, again } = run
  const goal = live ? live.goal : stepsOf(plan) || null
  const replays = isReplaying(run)
  const trains = live?.playing && !replays ? ', training' : ''
  const taken = live ? stepsSince(run) : 0
  useEffect(() => {
    if (replays) announce(`Run ${at + 1}: replaying ${inWords(again)} steps`)
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
          <span class="method">
            {at + 1} {methodOf(plan)}
          </span>{' '}
          on {targetName(plan)}
        </span>
        <span class="soft">
          {goal === null
            ? `${progressOf(plan)}${trains}`
            : `${replays ? 'replaying ' : ''}${inWords(taken)} of ${inWords(goal)} steps${trains}`}
        </span>
      </button>
      {runs.value.length > 1 && (
        <button type="button" class="remove" aria-label={`Remove run ${at + 1}`} onClick={() => drop(at)}>
          <span aria-hidden="true">×</span>
        </button>
      )}
    </li>
  )
}

/** Runs that are played together: the example is there to be looked at until somebody trains it. */
const played = (): number[] =>
  runs.value.flatMap(({ plan, live }, at) => (!isUntouched(plan) || live?.playing ? [at] : []))

/** The trainings that are open: chosen, added, removed, and started or stopped together. */
export function RunStrip() {
  const playing = runs.value.some(({ live }) => live?.playing)
  return (
    <section class="strip" aria-labelledby="runs-heading">
      <h2 id="runs-heading">Runs</h2>
      <ol>
        {runs.value.map((run, at) => (
          <RunEntry key={at} run={run} at={at} />
        ))}
      </ol>
      <AddRun />
      <div class="buttons">
        <button
          type="button"
          disabled={played().length === 0}
          title={played().length === 0 ? 'The example is already trained; add a run of your own' : undefined}
          onClick={() => {
            for (const at of played()) (playing ? pause : play)(at)
          }}
        >
          {playing ? 'Pause all' : 'Train all'}
        </button>
      </div>
    </section>
  )
}
