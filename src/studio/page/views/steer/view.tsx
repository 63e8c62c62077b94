import { Formula } from '../../parts/formula.tsx'
import { Slider } from '../../parts/slider.tsx'
import { state } from '../../state/store.ts'
import { Choice } from '../shared.tsx'
import { TiltSection } from './learning.tsx'
import { PaintControls, RewardPainter } from './paint.tsx'
import { BumpControls, changeReward, RewardPlacer } from './place.tsx'
import { SteerSection } from './steering.tsx'
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
        <p>A reward says how good a point is. This one is a bump, 1 at its centre and 0 far away.</p>
        <Formula tex="r(x) = \exp(-\|x-c\|^2 / 2w^2)" block />
      </>
    )
  }
  return (
    <>
      <p>
        A reward says how good a point is. This one you paint, from −1 (bad) to 1 (good): each painted cell k
        adds a small bump.
      </p>
      <Formula tex="r(x) = {\textstyle\sum_k}\, a_k \exp(-\|x-c_k\|^2 / 2w^2)" block />
    </>
  )
}

export function SteerView() {
  const { kind, beta } = state.value.reward
  const painted = kind === 'painted'
  return (
    <div class="reward">
      <section class="columns" aria-labelledby="reward-heading">
        <div class="panel">
          <h3 id="reward-heading">Reward</h3>
          <Choice
            name="The reward is"
            options={kinds}
            value={kind}
            onChange={kind => changeReward({ kind })}
          />
          <Meaning painted={painted} />
          {painted ? <PaintControls /> : <BumpControls />}
          <p>The goal is the data tilted towards it: likely under the data and high in reward.</p>
          <Formula tex="\tilde p(x) \propto p(x)\, e^{\beta\, r(x)}" block />
          <Slider
            name="Strength β"
            value={beta}
            min={-6}
            max={6}
            step={0.5}
            onChange={beta => changeReward({ beta })}
          />
        </div>
        {painted ? <RewardPainter /> : <RewardPlacer />}
      </section>
      <SteerSection />
      <TiltSection />
    </div>
  )
}
