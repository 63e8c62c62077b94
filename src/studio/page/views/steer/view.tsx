import { PaintKeys } from '../../parts/paint-area.tsx'
import { Slider } from '../../parts/slider.tsx'
import { state } from '../../state/store.ts'
import { ClassControls, ClassPicker } from './class.tsx'
import { HowSteered } from './how.tsx'
import { KnownControls, KnownPlacer } from './known.tsx'
import { LearnedRuns, LearnInstead } from './learning.tsx'
import { SteerControls } from './method.tsx'
import { PaintControls, PaintMore, RewardPainter } from './paint.tsx'
import { BumpControls, BumpMore, changeReward, RewardPlacer } from './place.tsx'
import { Steered, useSteering } from './steering.tsx'
import { WantChoice } from './wants.tsx'
import './results.css'

/** Of each wish: what belongs to it in the inspector, what of that is under More, the stage on which it is put, and how. */
const parts = {
  bump: {
    Controls: BumpControls,
    More: BumpMore,
    Stage: RewardPlacer,
    how: 'Drag the reward, or move it with the arrow keys.',
  },
  painted: { Controls: PaintControls, More: PaintMore, Stage: RewardPainter, how: null },
  class: {
    Controls: ClassControls,
    More: null,
    Stage: ClassPicker,
    how: 'Click on a part of the data, or choose its class.',
  },
  mask: {
    Controls: KnownControls,
    More: null,
    Stage: KnownPlacer,
    how: 'One coordinate is masked, the other is known: drag the band.',
  },
}

export function SteerView() {
  const { kind, beta, steps } = state.value.reward
  const { Controls, More, Stage, how } = parts[kind]
  const shown = useSteering()
  // Bayes' rule has no strength, and what is learnt is a tilt.
  const isTilt = kind === 'bump' || kind === 'painted'
  return (
    <section class="columns" aria-labelledby="steer-heading">
      <div class="panel">
        <h3 id="steer-heading" class="hidden-but-read">
          Steer samples
        </h3>
        <p class="soft">
          Steering makes the samples that you want more likely. The map is not trained again.
        </p>
        <WantChoice />
        <Controls />
        {isTilt && (
          <Slider
            name="Strength β"
            value={beta}
            min={-6}
            max={6}
            step={0.5}
            onChange={beta => changeReward({ beta })}
          />
        )}
        <Slider
          name="Steps"
          value={steps}
          min={1}
          max={16}
          step={1}
          onChange={steps => changeReward({ steps })}
        />
        <details class="more">
          <summary>More</summary>
          {More && <More />}
          <SteerControls />
        </details>
        <HowSteered />
        {isTilt && <LearnInstead />}
      </div>
      <Steered shown={shown} how={how === null ? <PaintKeys /> : <p class="soft">{how}</p>}>
        <Stage exact={shown.answer?.exact?.points} />
      </Steered>
      <LearnedRuns />
    </section>
  )
}
