import { computed, signal } from '@preact/signals'
import { trainedBy } from '../../example/trained-by.ts'
import { stepsOf } from '../../plan.ts'
import { anew } from '../../trainable.ts'
import { NumberInput } from '../number-input.tsx'
import { change, open, pause, play, selected, selectedLive, takeSteps } from '../store.ts'
import { remark } from './choose.ts'
import { keepWeights } from './objective.tsx'

const several = signal(100)
const MOST_AT_ONCE = 6000

/** Begins the training from drawn weights, and plays it. */
function trainAnew(): void {
  remark.value = null
  open(anew(selected.value))
  play()
}

const isExample = computed(() => selected.value.start === 'example' && stepsOf(selected.value) === 0)

/** How the example came to be, and that anyone can see it come again. */
function HowTrained() {
  if (!isExample.value || selectedLive.value?.playing) return null
  const [{ objective }] = trainedBy.stages
  return (
    <p class="soft">
      Trained before by {objective}, {stepsOf(trainedBy).toLocaleString('en')} steps of{' '}
      {trainedBy.batch.toLocaleString('en')}.{' '}
      <button
        type="button"
        onClick={() => {
          remark.value = null
          open(trainedBy)
        }}
      >
        Repeat that
      </button>
    </p>
  )
}

function Buttons() {
  const playing = selectedLive.value?.playing ?? false
  return (
    <div class="buttons">
      {isExample.value && !playing ? (
        <>
          <button type="button" class="main" onClick={trainAnew}>
            Train it yourself
          </button>
          <button type="button" onClick={() => play()}>
            Train it on
          </button>
        </>
      ) : (
        <button type="button" class="main" onClick={() => (playing ? pause() : play())}>
          {playing ? 'Pause' : 'Play'}
        </button>
      )}
      <button type="button" onClick={() => takeSteps(1)}>
        1 step
      </button>
      <span class="joined">
        <button type="button" onClick={() => takeSteps(several.value)}>
          {several.value.toLocaleString('en')} steps
        </button>
        <NumberInput
          aria-label="Number of steps"
          min={1}
          max={MOST_AT_ONCE}
          value={several.value}
          commit={typed => {
            if (typed >= 1) several.value = Math.min(MOST_AT_ONCE, Math.round(typed))
            return several.value
          }}
        />
      </span>
      <button type="button" onClick={() => open(anew(selected.value))}>
        Reset
      </button>
    </div>
  )
}

/** Powers of ten that the slider goes over. */
const RATES = { min: -5, max: -1, step: 0.05 }
const rate = (value: number): string =>
  value
    .toExponential(1)
    .replace('e-', ' × 10⁻')
    .replace(/\d$/, digit => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])

const moved = signal<number | null>(null)

function LearningRate() {
  const value = moved.value ?? selected.value.stages.at(-1)!.learningRate
  return (
    <label class="field">
      <span class="name">
        Learning rate <span class="number">{rate(value)}</span>
      </span>
      <input
        type="range"
        {...RATES}
        value={Math.log10(value)}
        aria-valuetext={value.toPrecision(2)}
        onInput={event => {
          moved.value = Number((10 ** event.currentTarget.valueAsNumber).toPrecision(2))
        }}
        onChange={() => {
          const learningRate = moved.value
          moved.value = null
          // Of the run as it is now: what was drawn last may be older.
          const stage = selected.value.stages.at(-1)!
          if (learningRate !== null) change({ ...stage, learningRate, keep: keepWeights.value })
        }}
      />
    </label>
  )
}

/** Everything that acts on a training while it goes on. */
export function TrainingControls() {
  return (
    <div class="panel training">
      <Buttons />
      <HowTrained />
      <div class="pair wide">
        <LearningRate />
        <label class="check">
          <input
            type="checkbox"
            checked={keepWeights.value}
            onChange={event => {
              keepWeights.value = event.currentTarget.checked
            }}
          />
          Changes keep the weights
        </label>
      </div>
    </div>
  )
}
