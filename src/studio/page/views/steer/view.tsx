import { Formula } from '../../parts/formula.tsx'
import { Slider } from '../../parts/slider.tsx'
import { state } from '../../state/store.ts'
import { Choice } from '../shared.tsx'
import { TiltSection } from './learning.tsx'
import { SteerControls } from './method.tsx'
import { PaintControls, RewardPainter } from './paint.tsx'
import { BumpControls, changeReward, RewardPlacer } from './place.tsx'
import { HowSteered, Steered, useSteering } from './steering.tsx'
import './results.css'
import './view.css'

const kinds = [
  ['bump', 'A bump'],
  ['painted', 'Painted'],
] as const

/** What the reward is, in words and as a formula. */
function Meaning({ painted }: { painted: boolean }) {
  if (!painted) {
    return (
      <>
        <p>
          A reward says how good a point is. This one is a bump, 1 at its centre and 0 far away; the rings are
          one and two widths away, r = 0.61 and 0.14.
        </p>
        <Formula tex="r(x) = \exp(-\|x-c\|^2 / 2w^2)" block />
      </>
    )
  }
  return (
    <>
      <p>
        A reward says how good a point is. This one you paint, from −1 (bad) to 1 (good): each painted cell k
        adds a small bump. Solid lines around + are r = 0.25, 0.5 and 0.75; dashed lines over hatching, around
        −, are the same below zero.
      </p>
      <Formula tex="r(x) = {\textstyle\sum_k}\, a_k \exp(-\|x-c_k\|^2 / 2w^2)" block />
    </>
  )
}

export function SteerView() {
  const { kind, beta, steps } = state.value.reward
  const painted = kind === 'painted'
  const shown = useSteering()
  const exact = shown.answer?.exact?.points
  return (
    <div class="reward">
      <section class="columns" aria-labelledby="steer-heading">
        <div class="panel">
          <h3 id="steer-heading">Steer samples to a reward</h3>
          <Choice name="Reward" options={kinds} value={kind} onChange={kind => changeReward({ kind })} />
          {painted && <PaintControls />}
          <Slider
            name="Strength β"
            value={beta}
            min={-6}
            max={6}
            step={0.5}
            onChange={beta => changeReward({ beta })}
          />
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
            {!painted && <BumpControls />}
            <SteerControls />
          </details>
          <details>
            <summary>What the reward means</summary>
            <Meaning painted={painted} />
            <p>The goal is the data tilted towards it: likely under the data and high in reward.</p>
            <Formula tex="\tilde p(x) \propto p(x)\, e^{\beta\, r(x)}" block />
          </details>
          <HowSteered />
        </div>
        <Steered shown={shown}>
          {painted ? <RewardPainter exact={exact} /> : <RewardPlacer exact={exact} />}
        </Steered>
      </section>
      <TiltSection />
    </div>
  )
}
