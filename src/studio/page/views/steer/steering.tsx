import type { ComponentChildren } from 'preact'
import { drawNoise } from '../../../../sampler/sampler.ts'
import type { PlanePoints } from '../../../engine/protocol.ts'
import type { Wish } from '../../../plan.ts'
import { isBlank, wishOf } from '../../../reward.ts'
import { colourOf } from '../../draw/colours.ts'
import { landing } from '../../draw/landing.ts'
import { shortNumber } from '../../draw/number.ts'
import { Scene } from '../../draw/scene.tsx'
import { splitStrays } from '../../draw/strays.ts'
import { Mark } from '../../parts/run-mark.tsx'
import { runName } from '../../parts/run-name.ts'
import { engine, state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { wantedClass } from './class.tsx'
import { Facts } from './facts.tsx'
import { Gap } from './gap.tsx'
import { chosenWay, movesOf } from './method.tsx'
import { RewardShape } from './shape.tsx'
import './steering.css'

/** Samples that are steered. */
const COUNT = 2000
const ofFour = drawNoise(4 * COUNT, 2, 0)
export const noise = ofFour.slice(0, 2 * COUNT)

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
  tilt: Wish
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
          <th scope="col">Distance to the exact law</th>
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

/** What samples are steered to. */
const currentWish = (): Wish => wishOf({ ...state.value.reward, class: Math.max(0, wantedClass()) })

/** The selected run's samples, steered to the reward with no training. */
export function useSteering() {
  const { reward, weights } = state.value
  const { steps, resample } = reward
  const tilt = currentWish()
  const way = chosenWay()
  const { refused, ...choices } = way
  const question = {
    points: choices.method === 'best' ? ofFour : noise,
    tilt,
    steps,
    ...choices,
    moves: movesOf(way),
    resample,
    seed: 0,
    weights,
  }
  const shown = useAnswer(
    'steer',
    JSON.stringify([tilt, steps, choices, question.moves, resample, weights]),
    engine.value && !refused && isPossible(reward.kind) ? question : null,
  )
  return { ...shown, way }
}

/** Whether the data know what is wanted. */
const isPossible = (kind: typeof state.value.reward.kind): boolean => kind !== 'class' || wantedClass() >= 0

/** The wish that what is shown was asked for: it stays in sight until the next is answered. */
const wishAsked = ({ key }: SteeringShown): Wish =>
  key === null ? currentWish() : JSON.parse(key.replace('steer ', ''))[0]

/** What steering came to, how it was asked for, and whether it can be. */
export type SteeringShown = ReturnType<typeof useSteering>

/** What steering came to: the samples beside the exact law, and their gap. */
export function Steered({
  shown,
  how,
  children,
}: {
  shown: SteeringShown
  /** How what is wanted is put on the stage. */
  how: ComponentChildren
  children: ComponentChildren
}) {
  const { reward, runs, selected } = state.value
  const { error, fresh, way } = shown
  const { refused } = way
  const gone = refused ?? error
  const problem = !isPossible(reward.kind)
    ? 'This target has no classes to steer to.'
    : gone && `Not steered: ${`${gone}.`.replace(/\.\.$/, '.')} Choose another way under More.`
  // Samples of another way would be taken for those of this one.
  const answer = problem ? null : shown.answer
  const tilt = currentWish()
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
      <div class="how">{how}</div>
      <Gap answer={answer} wish={wishAsked(shown)} problem={problem} />
      {answer && !answer.isSample && (
        <p class="aside">
          This method does not sample the exact law, even with many samples. Particles and the filter do.
        </p>
      )}
      {isBlank(reward) && (
        <p class="aside">Nothing is painted yet: paint on the left, and samples will follow.</p>
      )}
      {runs[selected].stages.at(-1)!.tilt && (
        <p class="aside">
          This run has already learnt a reward, and is now steered by this one as well: choose another run to
          see the effect of steering alone.
        </p>
      )}
      <p class="soft">
        <Mark at={selected} /> Run {selected + 1}: {runName(runs[selected])}
        {engine.value ? (fresh || refused ? '' : '; working') : '; waits for the runtime'}.{' '}
        <span class="key of-strays">off the data, whatever their reward</span>
      </p>
      <details>
        <summary>Results</summary>
        <Facts answer={answer} />
        <RewardTable
          caption="Distances are sliced Wasserstein, to 2,000 points of the exact law."
          rows={[
            {
              name: 'Unsteered',
              reward: answer?.rewards.before,
              distance: shortNumber(answer?.exact?.distances.before),
            },
            {
              name: 'Steered',
              reward: answer?.rewards.after,
              distance: shortNumber(answer?.exact?.distances.after),
            },
            {
              name: 'Exact law',
              reward: answer?.exact?.reward,
              distance: answer?.exact ? `${shortNumber(answer.exact.distances.floor)} (floor)` : '',
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
