import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { trainedBy } from '../../../example/trained-by.ts'
import { isUntouched, stepsOf } from '../../../plan.ts'
import { colourOf, runColour } from '../../draw/colours.ts'
import { landing } from '../../draw/landing.ts'
import { floorRange, shortNumber } from '../../draw/number.ts'
import type { Cloud } from '../../draw/points.tsx'
import { Scene } from '../../draw/scene.tsx'
import { splitStrays } from '../../draw/strays.ts'
import { atLeast } from '../../parts/at-least.ts'
import { making } from '../../parts/choose.ts'
import { Curves } from '../../parts/curves.tsx'
import { fileHeldOver } from '../../parts/dropped-files.ts'
import { FileTarget, MoreOfFile } from '../../parts/file-target.tsx'
import { LossTerms } from '../../parts/loss-terms.tsx'
import { Catalogue, RulePicker } from '../../parts/objective.tsx'
import { MoreOfDrawing, Painter } from '../../parts/painter.tsx'
import { Mark } from '../../parts/run-mark.tsx'
import { Settings } from '../../parts/settings.tsx'
import { count, ShownControls, targetShown } from '../../parts/shown.tsx'
import { StrayKey } from '../../parts/stray-key.tsx'
import { nameOf, targetPoints } from '../../parts/target-points.ts'
import { TargetPicker } from '../../parts/targets.tsx'
import { HowTrained, Pace, StepButtons, TrainingButtons } from '../../parts/training.tsx'
import { type Run, stepsSince } from '../../state/run.ts'
import { engine, loading, selected, selectedLive, selectedRun, state } from '../../state/store.ts'
import { DriftArrows, DriftKey, driftWords, useDrift } from './drift.tsx'
import { FieldKey, fieldWords, useField, ZeroLine } from './field.tsx'
import { Players } from './players.tsx'
import './view.css'

/** Points are smaller and fainter the more there are. */
const look = (points: number): { size: number; opacity: number } =>
  points > 20_000
    ? { size: 2, opacity: 0.35 }
    : points > 5000
      ? { size: 2.5, opacity: 0.45 }
      : { size: 4, opacity: 0.6 }

function useClouds(): Cloud[] {
  const samples = selectedLive.value?.samples
  const marks = selectedLive.value?.strays?.marks
  const { target } = selected.value
  const { size, opacity } = look(count.value)
  const shown = targetShown.value
  const [grey, own] = [
    colourOf('--target', 0.6 * opacity),
    colourOf(runColour(state.value.selected), opacity),
  ]
  return useMemo(
    () => [
      ...(shown ? [{ points: targetPoints(target, Math.min(count.value, 10_000)), colour: grey, size }] : []),
      ...(samples ? splitStrays({ points: samples, colour: own, size }, marks) : []),
    ],
    [samples, marks, target, shown, size, grey.join(), own.join()],
  )
}

/** The steps that a run has taken; of one that came trained those before, where they are known. */
function trained(run: Run) {
  const { plan } = run
  if (isUntouched(plan))
    return (
      <>
        {stepsOf(trainedBy).toLocaleString('en')} <small>(pretrained)</small>
      </>
    )
  const steps = stepsSince(run)
  return plan.start && steps === 0 ? 'pretrained' : steps.toLocaleString('en')
}

/** Where the training stands, in one line whose height is kept. */
function Standing() {
  const live = selectedLive.value
  const distance = live?.distance
  const strays = live?.strays
  return (
    <dl class="standing">
      <div>
        <dt>Land on the data</dt>
        <dd data-number="landing">
          {strays ? (
            <data value={String(strays.value)}>{landing(strays.value)}</data>
          ) : live?.ended || live?.distance === null ? (
            '–'
          ) : (
            'measuring'
          )}
          <small> {strays ? `real data: ${landing(strays.floor)}` : ''}</small>
        </dd>
      </div>
      <div>
        <dt>Distance to the target</dt>
        <dd>
          {distance
            ? distance.value < 100
              ? distance.value.toFixed(3)
              : shortNumber(distance.value)
            : live?.ended
              ? '–'
              : 'measuring'}
          <small>
            {' '}
            {distance
              ? `real data: ${floorRange(distance)}${live?.within ? '; both within the range of real data' : ''}`
              : ''}
          </small>
        </dd>
      </div>
      <div>
        <dt>Steps</dt>
        <dd>
          {trained(selectedRun.value)}
          {live?.playing && live.stepsPerSecond > 0 ? (
            <small> {Math.round(live.stepsPerSecond).toLocaleString('en')} steps/s</small>
          ) : null}
        </dd>
      </div>
    </dl>
  )
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

/** What waits for the runtime, once somebody waits. */
function RuntimeNote() {
  const waits = selectedLive.value?.playing && !engine.value
  if (!waits) return null
  const { received = 0, total = 0 } = loading.value ?? {}
  return (
    <p class="soft" role="status">
      Training starts when the runtime has loaded
      {received > 0 ? `: ${megabytes(received)}${total > 0 ? ` of ${megabytes(total)}` : ''} MB` : ''}.
    </p>
  )
}

function Picture() {
  const { start, target } = selected.value
  const steps = stepsOf(selected.value)
  const samples = `${count.value.toLocaleString('en')} samples, one jump from noise`
  const field = useField()
  const drift = useDrift()
  return (
    <figure class="picture stage" data-samples={selectedLive.value?.samples.length}>
      <Scene
        clouds={useClouds()}
        under={field?.under}
        label={`${samples}${steps > 0 || start ? '' : ', before training'}; target: ${nameOf(target)}${fieldWords(field)}${driftWords(drift)}`}
      >
        <ZeroLine field={field} />
        <DriftArrows drift={drift} />
      </Scene>
      <figcaption>
        <span class="key">
          <Mark at={state.value.selected} /> {samples}
        </span>
        <StrayKey marks={selectedLive.value?.strays?.marks} />
        <span class="key of-target">target: {nameOf(target)}</span>
        <FieldKey field={field} />
        <DriftKey drift={drift} />
      </figcaption>
    </figure>
  )
}

/** What else is done with the map. */
interface Tools {
  readonly tools: ComponentChildren
}

/** The stage as it shows what is trained. */
function Samples({ tools }: Tools) {
  return (
    <>
      <Picture />
      <TrainingButtons>{tools}</TrainingButtons>
      <RuntimeNote />
      <Standing />
    </>
  )
}

/** What is chosen less often. */
function More() {
  return (
    <details class="more">
      <summary>
        More <span class="soft">all methods, steps, network</span>
      </summary>
      <div class="panel">
        {making.value === 'drawing' && <MoreOfDrawing />}
        {making.value === 'file' && <MoreOfFile />}
        <Catalogue />
        <StepButtons />
        <HowTrained />
        <Pace />
        <ShownControls />
        <Settings />
      </div>
    </details>
  )
}

/** Where there is room for it beside the stage. */
const roomy = atLeast(1152)
const learntShown = signal<boolean | null>(null)

/** The curves and the formula. */
function Learnt() {
  return (
    <details
      class="side"
      open={learntShown.value ?? roomy.value}
      onToggle={({ currentTarget: { open } }) => {
        if (open !== (learntShown.value ?? roomy.value)) learntShown.value = open
      }}
    >
      <summary>
        What it learns <span class="soft">curves and formula</span>
      </summary>
      <div class="panel">
        <Curves />
        <LossTerms />
      </div>
    </details>
  )
}

export function TrainView({ tools }: Tools) {
  return (
    <div class={fileHeldOver.value ? 'train held' : 'train'}>
      <section class="panel setup" aria-label="What is trained">
        <TargetPicker />
        <RulePicker />
        <More />
      </section>
      <section class="panel middle" aria-label="Training">
        {making.value === 'drawing' ? (
          <Painter />
        ) : making.value === 'file' ? (
          <FileTarget />
        ) : (
          <Samples tools={tools} />
        )}
      </section>
      <Players />
      <Learnt />
    </div>
  )
}
