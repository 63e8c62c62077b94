import { Formula } from '../parts/formula.tsx'
import { RewardControls, RewardPlacer } from './reward-place.tsx'
import { SteerSection } from './reward-steer.tsx'
import { TiltSection } from './reward-train.tsx'
import './views.css'
import './reward.css'

export function RewardView() {
  return (
    <div class="reward">
      <section class="columns" aria-labelledby="reward-heading">
        <div class="panel">
          <h3 id="reward-heading">What is wanted</h3>
          <p>A reward says how good a point is. Here it is a bump, 1 at its centre and 0 far away.</p>
          <Formula tex="r(x) = \exp(-\|x-c\|^2 / 2w^2)" block />
          <p>The goal is the data tilted towards it: likely and good at once.</p>
          <Formula tex="\tilde p(x) \propto p(x)\, e^{\beta\, r(x)}" block />
          <RewardControls />
        </div>
        <RewardPlacer />
      </section>
      <SteerSection />
      <TiltSection />
    </div>
  )
}
