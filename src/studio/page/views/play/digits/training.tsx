import { pictureMachine } from '../../../connection/backend.ts'
import { shortNumber } from '../../../draw/number.ts'
import { Sheets } from './sheets.tsx'
import { begin, beginning, drawTrained, pause, play, training, trainingProblem } from './training-state.ts'

/** Trains a small transformer on the machine that serves the page. */
export function TrainingSection() {
  return (
    <section class="digit-training" aria-label="Training">
      <h2>Train one on your machine</h2>
      {pictureMachine ? <OnMachine /> : <HowTo />}
    </section>
  )
}

const HowTo = () => (
  <p class="soft">
    A small transformer learns to draw digits within minutes on a laptop’s processor, natively: run{' '}
    <code>npx oxbow studio</code>, open the address that it prints, and come back to this view.
  </p>
)

function OnMachine() {
  const now = training.value
  return (
    <>
      <p class="soft">
        A small transformer learns from drawn digits, without a teacher. Every 250 steps, its map draws digits
        from the same noise in one jump.
      </p>
      <div class="buttons">
        {now && !now.ended && now.step < now.steps && !beginning.value && (
          <button type="button" class="main" onClick={now.playing ? pause : play}>
            {now.playing ? 'Pause' : 'Continue'}
          </button>
        )}
        <button type="button" class={now ? undefined : 'main'} disabled={beginning.value} onClick={begin}>
          {beginning.value ? 'Starting …' : now ? 'Start again' : 'Train'}
        </button>
        {now && !now.ended && now.step > 0 && (
          <button type="button" onClick={drawTrained}>
            Use this model above
          </button>
        )}
      </div>
      {trainingProblem.value && <p class="problem">{trainingProblem.value}</p>}
      {now && (
        <p class="told">
          Step {now.step.toLocaleString('en')} of {now.steps.toLocaleString('en')}
          {now.loss !== null && `, loss ${shortNumber(now.loss)}`}
          {now.playing && now.stepsPerSecond !== null && `, ${Math.round(now.stepsPerSecond)} steps/s`}
        </p>
      )}
      {now && now.sheets.length > 0 && <Sheets sheets={now.sheets} />}
    </>
  )
}
