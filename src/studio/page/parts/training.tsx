import { computed, signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { DEFAULT_RECIPE } from '../../../config/recipes.ts'
import { recipeStages } from '../../engine/recipe-keys.ts'
import { trainedBy, trainedOn } from '../../example/trained-by.ts'
import { HIGHEST_RATE, isAsShipped, isUntouched, stepsOf } from '../../plan.ts'
import { anew } from '../../trainable.ts'
import { MOST_RUNS, runs, selected, selectedLive, state } from '../state/store.ts'
import { add, change, open, pause, play, takeSteps } from '../state/training.ts'
import { replaceRun } from '../state/undo.ts'
import { remark } from './choose.ts'
import { NumberInput } from './number-input.tsx'
import { keepWeights } from './objective.tsx'
import { Slider } from './slider.tsx'
import './training.css'

const several = signal(100)
const MOST_AT_ONCE = 6000

/** Trains from drawn weights in a run beside the example, or in its place where there is no room. */
function trainAnew(): void {
  remark.value = null
  const next = anew(selected.value)
  const plan = isAsShipped(selected.value) ? { ...next, stages: recipeStages(DEFAULT_RECIPE) } : next
  if (runs.value.length < MOST_RUNS) add(plan)
  else open(plan)
  play()
}

/** Whether the example is looked at as it came. */
const isExample = computed(() => isUntouched(selected.value) && (selectedLive.value?.goal ?? null) === null)

/** How the example came to be, and that anyone can see it come again. */
export function HowTrained() {
  if (!isExample.value || selectedLive.value?.playing) return null
  const [{ objective, recipe }] = trainedBy.stages
  return (
    <p class="soft">
      Pretrained: {recipe?.name ?? objective}, {stepsOf(trainedBy).toLocaleString('en')} steps, batch{' '}
      {trainedBy.batch.toLocaleString('en')}.{' '}
      <button
        type="button"
        onClick={() => {
          remark.value = null
          open(trainedOn(selected.value.target))
        }}
      >
        Train this example again
      </button>
    </p>
  )
}

/** Starts and stops a training, beside what else is done with it. */
export function TrainingButtons({ children }: { children: ComponentChildren }) {
  const playing = selectedLive.value?.playing ?? false
  return (
    <div class="buttons">
      {isExample.value && !playing ? (
        <>
          <button type="button" class="main" onClick={trainAnew}>
            Train from scratch
          </button>
          <button type="button" onClick={() => play()}>
            Keep training
          </button>
        </>
      ) : (
        <button type="button" class="main" onClick={() => (playing ? pause() : play())}>
          {playing ? 'Pause' : 'Train'}
        </button>
      )}
      {children}
    </div>
  )
}

/** Takes a few steps at a time, or none at all. */
export function StepButtons() {
  return (
    <div class="buttons">
      <button type="button" onClick={() => takeSteps(1)}>
        1 step
      </button>
      <span class="joined">
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
        <button
          type="button"
          aria-label={`${several.value.toLocaleString('en')} steps`}
          onClick={() => takeSteps(several.value)}
        >
          steps
        </button>
      </span>
      <button type="button" onClick={() => replaceRun(anew(selected.value), state.value.selected, 'held')}>
        Reset
      </button>
    </div>
  )
}

/** Powers of ten that the slider goes over. */
const RATES = { min: -5, max: Math.log10(HIGHEST_RATE), step: 0.05 }
const rate = (value: number): string =>
  value
    .toExponential(1)
    .replace('e-', ' × 10⁻')
    .replace('e+', ' × 10')
    .replace(/\d$/, digit => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)])

const moved = signal<number | null>(null)

function LearningRate() {
  const value = moved.value ?? selected.value.stages.at(-1)!.learningRate
  return (
    <Slider
      name="Learning rate"
      {...RATES}
      value={Math.log10(value)}
      text={rate(value)}
      onChange={power => {
        moved.value = Number((10 ** power).toPrecision(2))
      }}
      onRelease={() => {
        const learningRate = moved.value
        moved.value = null
        // Of the run as it is now: what was drawn last may be older.
        const stage = selected.value.stages.at(-1)!
        if (learningRate !== null) change({ ...stage, learningRate, keep: keepWeights.value })
      }}
    />
  )
}

/** What can be changed while a training goes on. */
export function Pace() {
  return (
    <div class="pair wide training">
      <LearningRate />
      <label class="check">
        <input
          type="checkbox"
          checked={keepWeights.value}
          onChange={event => {
            keepWeights.value = event.currentTarget.checked
          }}
        />
        Keep weights when settings change
      </label>
    </div>
  )
}
