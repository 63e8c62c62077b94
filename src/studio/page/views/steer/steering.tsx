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
import { engine, state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { chosenWay, movesOf } from './method.tsx'
import { RewardShape } from './shape.tsx'
import './steering.css'

type Steering = Questions['steer']['answer']

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

/** Why it works, with its formulas. */
export function HowSteered() {
  return (
    <details>
      <summary>How it works</summary>
      <p>
        A flow map knows at any time where a point will land, so the reward of the end can be estimated on the
        way. That estimate g is the look-ahead; at data it is βr itself.
      </p>
      <Formula tex="g(x, t) = (1-t)\, \beta\, r(F(x,t,0))" block />
      <p>
        A kernel takes samples to the next time. The weight of each grows by the change of its look-ahead, and
        where few samples count they are drawn again by weight.
      </p>
      <Formula tex="\log w \leftarrow \log w + g(x', t) - g(x, s)" block />
      <p>
        The weights come to <Formula tex="e^{\beta r}" /> in the end for every look-ahead, so with many
        samples the result is what this map samples, tilted exactly, and the mean of the weights is{' '}
        <Formula tex="Z = E[e^{\beta r}]" />.
      </p>
      <p class="soft">
        After <a href="https://arxiv.org/abs/2511.22688">Sabour et al. 2025</a> (Flow Map Trajectory Tilting)
        and <a href="https://arxiv.org/abs/2306.17775">Wu et al. 2023</a> (Twisted Diffusion Sampler).
      </p>
    </details>
  )
}

/** The selected run's samples, steered to the reward with no training. */
export function useSteering() {
  const { reward, weights } = state.value
  const { steps, resample } = reward
  const tilt = tiltOf(reward)
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
    engine.value && !refused ? question : null,
  )
  return { ...shown, way }
}

/** What steering came to, how it was asked for, and whether it can be. */
export type SteeringShown = ReturnType<typeof useSteering>

/** How far samples are from the exact law, beside how far exact samples are from each other. */
function Gap({ answer, refused }: { answer: Steering | null; refused?: string }) {
  if (refused) {
    return (
      <p class="gap" role="status">
        Not steered: {refused} Choose another way under More.
      </p>
    )
  }
  if (!answer) return <p class="gap">Steering …</p>
  const { exact, rewards } = answer
  if (!exact) {
    return (
      <p class="gap" role="status">
        The data of this map are not known here, so there is no exact law to compare with. Mean reward{' '}
        {rewards.after.toFixed(2)}, unsteered {rewards.before.toFixed(2)}.
      </p>
    )
  }
  return (
    <p class="gap" role="status">
      The steered samples are <strong>{shortNumber(exact.distances.after)}</strong> from the exact law, where
      two draws from it are {shortNumber(exact.distances.floor)} apart. Mean reward {rewards.after.toFixed(2)}
      , exactly {exact.reward.toFixed(2)}, unsteered {rewards.before.toFixed(2)}.
    </p>
  )
}

const percent = (share: number): string => `${Math.round(100 * share)} %`
/** A logarithm of about 1, and its error. */
const inHundredths = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : 'unknown')

/** What is known of the samples beside their distance. */
function Facts({ answer }: { answer: Steering | null }) {
  const { logZ, logZError = 0, exact, ess = [], distinct, evaluations, after } = answer ?? {}
  const each = (total = 0) => Number((total / (after!.length / 2)).toPrecision(3))
  const given = (text: () => string): string => (answer ? text() : '…')
  const rows = [
    [
      'log Z: estimated, exact',
      given(
        () =>
          `${logZ === undefined ? 'none' : `${inHundredths(logZ)} ± ${inHundredths(logZError)}`}, ${exact ? inHundredths(exact.logZ) : 'unknown'}`,
      ),
    ],
    [
      'Effective samples, at least',
      given(() => (ess.length > 0 ? percent(Math.min(...ess)) : 'none weighed')),
    ],
    ['Distinct samples', given(() => percent(distinct!))],
    [
      'Network evaluations per sample',
      given(
        () =>
          `${each(evaluations!.forward)}${evaluations!.backward > 0 ? ` + ${each(evaluations!.backward)} backward` : ''}`,
      ),
    ],
  ] as const
  return (
    <dl class="numbers facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** What steering came to: the samples beside the exact law, and their gap. */
export function Steered({ shown, children }: { shown: SteeringShown; children: ComponentChildren }) {
  const { reward, runs, selected } = state.value
  const { error, fresh, way } = shown
  const { refused } = way
  // Samples of another way would be taken for those of this one.
  const answer = refused || error ? null : shown.answer
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
      <Gap answer={answer} refused={refused ?? (error ? `${error}.`.replace(/\.\.$/, '.') : undefined)} />
      <Facts answer={answer} />
      {answer && !answer.isSample && (
        <p class="aside">
          This method does not sample the exact law, however many samples it takes. Particles and the filter
          do.
        </p>
      )}
      {isBlank(reward) && (
        <p class="aside">Nothing is painted yet: paint on the left, and samples will follow.</p>
      )}
      {runs[selected].stages.at(-1)!.tilt && (
        <p class="aside">
          This run has learnt a reward already, and is steered by this one on top of it: choose another run to
          see what steering does alone.
        </p>
      )}
      <p class="soft">
        <Mark at={selected} /> Run {selected + 1}: {runName(runs[selected])}
        {engine.value ? (fresh || refused ? '' : '; working') : '; waits for the runtime'}.{' '}
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
              distance: shortNumber(answer?.exact?.distances.before),
            },
            {
              name: 'Steered',
              reward: answer?.rewards.after,
              distance: shortNumber(answer?.exact?.distances.after),
            },
            {
              name: 'The goal',
              reward: answer?.exact?.reward,
              distance: answer?.exact ? `${shortNumber(answer.exact.distances.floor)} (floor)` : '',
            },
          ]}
        />
        {answer && answer.acceptance !== null && (
          <p class="soft">Moves accepted: {percent(answer.acceptance)}</p>
        )}
      </details>
    </div>
  )
}
