import type { ComponentChildren } from 'preact'
import { drawNoise } from '../../../../sampler/sampler.ts'
import type { PlanePoints, Questions } from '../../../engine/protocol.ts'
import type { Tilt } from '../../../plan.ts'
import { isBlank, tiltOf } from '../../../reward.ts'
import { colourOf } from '../../draw/colours.ts'
import { landing } from '../../draw/landing.ts'
import { shortNumber } from '../../draw/number.ts'
import { Scene } from '../../draw/scene.tsx'
import { splitStrays } from '../../draw/strays.ts'
import { Formula } from '../../parts/formula.tsx'
import { Mark } from '../../parts/run-mark.tsx'
import { runName } from '../../parts/run-name.ts'
import { Slider } from '../../parts/slider.tsx'
import { engine, state } from '../../state/store.ts'
import { type Shown, useAnswer } from '../../state/use-answer.ts'
import { Choice } from '../shared.tsx'
import { changeReward } from './place.tsx'
import { RewardShape } from './shape.tsx'
import './steering.css'

export type Steering = Questions['steer']['answer']

/** Samples that are steered. */
const COUNT = 2000
export const noise = drawNoise(COUNT, 2, 0)

/** A cloud with a reward over it. */
export function Cloud({
  name,
  points,
  marks,
  token,
  tilt,
}: {
  name: string
  points: PlanePoints | undefined
  /** 1 for a sample off the data. */
  marks?: Uint8Array
  token: string
  tilt: Tilt
}) {
  return (
    <figure>
      <figcaption>
        {name}
        {marks && `: ${landing(marks.reduce((sum, mark) => sum + mark, 0) / marks.length)} on the data`}
      </figcaption>
      <Scene
        clouds={points ? splitStrays({ points, colour: colourOf(token, 0.55), size: 3 }, marks) : []}
        label={name}
      >
        <RewardShape tilt={tilt} />
      </Scene>
    </figure>
  )
}

interface RewardRow {
  readonly name: string
  readonly reward: number | undefined
  readonly distance: string
}

/** Mean rewards and distances to the tilted data. */
export function RewardTable({ caption, rows }: { caption: string; rows: readonly RewardRow[] }) {
  return (
    <table class="rewards">
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Samples</th>
          <th scope="col">Mean reward</th>
          <th scope="col">Distance to the goal</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, reward, distance }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{reward === undefined ? '…' : reward.toFixed(3)}</td>
            <td>{distance || '…'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** How samples are steered. */
export function SteerControls() {
  const { steps, moves, resample } = state.value.reward
  return (
    <>
      <Slider
        name="Metropolis moves after each jump"
        value={moves}
        min={0}
        max={20}
        step={1}
        onChange={moves => changeReward({ moves })}
      />
      <Choice
        name="Resample by weight"
        options={[
          ['yes', 'Yes'],
          ['no', 'No'],
        ]}
        value={resample ? 'yes' : 'no'}
        onChange={value => changeReward({ resample: value === 'yes' })}
      />
      {!resample && (
        <p class="aside">
          Moves alone: samples go towards the reward, and reach the right proportions only after many moves.
        </p>
      )}
      {resample && moves === 0 && steps > 1 && (
        <p class="aside">Without moves, many of the resampled points are copies of each other.</p>
      )}
    </>
  )
}

/** Why it works, with its formulas. */
export function HowSteered() {
  return (
    <details>
      <summary>How it works</summary>
      <p>
        A flow map knows at any time where a point will land, so the reward of the end is known on the way.
        Samples follow
      </p>
      <Formula tex="\tilde p_t(x) \propto p_t(x)\, e^{\beta(1-t)\, r(F(x,t,0))}" block />
      <p>
        from noise to data: they jump, are weighted and resampled, and then move. A move changes the noise
        that a sample came from, and is accepted by the change of its reward.
      </p>
      <Formula tex="w \leftarrow w\, e^{\beta\,\Delta[(1-t)\, r(F(x,t,0))]}" block />
      <Formula tex="z' = \sqrt{1-\rho^2}\, z + \rho\, n, \quad \min(1, \exp(\beta(1-t)(r'-r)))" block />
      <p class="soft">
        After <a href="https://arxiv.org/abs/2511.22688">Sabour et al. 2025</a> (Flow Map Trajectory Tilting),
        with Metropolis moves in the noise. With many samples, the result is what this map samples, tilted
        exactly.
      </p>
    </details>
  )
}

/** The selected run's samples, steered to the reward with no training. */
export function useSteering() {
  const { reward, weights } = state.value
  const { steps, moves, resample } = reward
  const tilt = tiltOf(reward)
  const question = { points: noise, tilt, steps, method: 'jump', moves, resample, seed: 0, weights } as const
  return useAnswer(
    'steer',
    JSON.stringify([tilt, steps, moves, resample, weights]),
    engine.value ? question : null,
  )
}

/** How far samples are from the exact law, beside how far exact samples are from each other. */
function Gap({ answer }: { answer: Steering | null }) {
  if (!answer) return <p class="gap">Steering …</p>
  const {
    distances: { after, floor },
    rewards,
  } = answer
  return (
    <p class="gap" role="status">
      The steered samples are <strong>{shortNumber(after)}</strong> from the exact law, where two draws from
      it are {shortNumber(floor)} apart. Mean reward {rewards.after.toFixed(2)}, exactly{' '}
      {rewards.exact.toFixed(2)}, unsteered {rewards.before.toFixed(2)}.
    </p>
  )
}

/** What steering came to: the samples beside the exact law, and their gap. */
export function Steered({ shown, children }: { shown: Shown<'steer'>; children: ComponentChildren }) {
  const { reward, runs, selected } = state.value
  const { answer, error, fresh } = shown
  const tilt = tiltOf(reward)
  return (
    <div class="results">
      <div class="pictures">
        {children}
        <Cloud
          name="Steered samples"
          points={answer?.after}
          marks={answer?.marks?.after}
          token={`--run-${selected}`}
          tilt={tilt}
        />
      </div>
      <Gap answer={answer} />
      {isBlank(reward) && (
        <p class="aside">Nothing is painted yet: paint on the left, and samples will follow.</p>
      )}
      {error && <p class="aside">{error}</p>}
      {runs[selected].stages.at(-1)!.tilt && (
        <p class="aside">
          This run has learnt a reward already, and is steered by this one on top of it: choose another run to
          see what steering does alone.
        </p>
      )}
      <p class="soft">
        <Mark at={selected} /> Run {selected + 1}: {runName(runs[selected])}
        {engine.value ? (fresh ? '' : '; working') : '; waits for the runtime'}.{' '}
        <span class="key of-strays">off the data, whatever their reward</span>
      </p>
      <details>
        <summary>Results</summary>
        <RewardTable
          caption="Distances are sliced Wasserstein, to 2,000 points of the goal."
          rows={[
            {
              name: 'Before',
              reward: answer?.rewards.before,
              distance: shortNumber(answer?.distances.before),
            },
            {
              name: 'Steered',
              reward: answer?.rewards.after,
              distance: shortNumber(answer?.distances.after),
            },
            {
              name: 'The goal',
              reward: answer?.rewards.exact,
              distance: answer ? `${shortNumber(answer.distances.floor)} (floor)` : '',
            },
          ]}
        />
        {answer && answer.acceptance !== null && (
          <p class="soft">Moves accepted: {Math.round(100 * answer.acceptance)} %</p>
        )}
      </details>
    </div>
  )
}
