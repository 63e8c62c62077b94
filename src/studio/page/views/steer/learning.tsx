import { objectives } from '../../../../objective/index.ts'
import { type Plan, stepsOf, type Tilt } from '../../../plan.ts'
import { isBlank, tiltOf } from '../../../reward.ts'
import { shortNumber } from '../../draw/number.ts'
import { announce } from '../../parts/announcements.tsx'
import { Formula } from '../../parts/formula.tsx'
import { Mark } from '../../parts/run-mark.tsx'
import { runName } from '../../parts/run-name.ts'
import { engine, MOST_RUNS, runs, state } from '../../state/store.ts'
import { add, pause, play } from '../../state/training.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { hasClosedForm } from '../shared.tsx'
import { Cloud, noise, RewardTable } from './steering.tsx'
import './learning.css'

/** Steps of Heun's method where only a velocity is tilted. */
const HEUN = 16

/** The selected run's plan with a stage that learns the tilted distribution. */
function tiltedPlan(plan: Plan, objective: string): Plan {
  const { learningRate } = plan.stages.at(-1)!
  const stage = { objective, learningRate, steps: 0, keep: true, tilt: tiltOf(state.value.reward) }
  // Without a closed form the stages so far are the teacher, and are taken again first.
  return { ...plan, stages: hasClosedForm(plan.target) ? [stage] : [...plan.stages, stage] }
}

function train(objective: string): void {
  const { runs, selected } = state.value
  add(tiltedPlan(runs[selected], objective))
  play()
  announce(`Run ${runs.length + 1} added: tilted ${objective}`)
}

const inWords = (tilt: Tilt): string =>
  'painted' in tilt
    ? `painted, strength ${tilt.beta}`
    : `centre (${tilt.center.join(', ')}), width ${tilt.scale}, strength ${tilt.beta}`

function TiltedRun({ at, plan }: { at: number; plan: Plan }) {
  const { tilt, objective } = plan.stages.at(-1)!
  const { weights } = state.value
  const velocity = objectives.get(objective)?.parts === null
  const method = velocity ? 'heun' : 'jump'
  const steps = velocity ? HEUN : 1
  const question = {
    points: noise,
    tilt: tilt!,
    steps,
    method,
    weights,
  } as const
  const { answer, fresh } = useAnswer(
    'tilted',
    JSON.stringify([tilt, weights, method]),
    engine.value ? question : null,
    'training',
    at,
  )
  const playing = runs.value[at]?.live?.playing
  const how = velocity ? `${HEUN} Heun steps` : 'one jump'
  return (
    <div class="tilted">
      <p>
        <Mark at={at} /> Run {at + 1}: {runName(plan)}, {stepsOf(plan).toLocaleString('en')} steps
        {playing || fresh ? '' : '; working'}{' '}
        <button type="button" onClick={() => (playing ? pause : play)(at)}>
          {playing ? `Pause run ${at + 1}` : `Train run ${at + 1}`}
        </button>
      </p>
      <div class="pictures">
        <Cloud
          name={`Learnt, in ${how}`}
          points={answer?.points}
          marks={answer?.marks ?? undefined}
          token={`--run-${at}`}
          tilt={tilt!}
        />
        <Cloud name="The exact law" points={answer?.exact} token="--target" tilt={tilt!} />
      </div>
      <RewardTable
        caption={`The run learns the reward as it was when training started: ${inWords(tilt!)}.`}
        rows={[
          { name: 'Learnt', reward: answer?.rewards.points, distance: shortNumber(answer?.distances.points) },
          {
            name: 'Exact law',
            reward: answer?.rewards.exact,
            distance: answer ? `${shortNumber(answer.distances.floor)} (floor)` : '',
          },
        ]}
      />
    </div>
  )
}

/** Learning the tilted distribution, so that sampling costs no more than before. */
export function LearnInstead() {
  const { runs, selected } = state.value
  const full = runs.length >= MOST_RUNS
  const blank = isBlank(state.value.reward)
  return (
    <details class="learn-instead">
      <summary>Learn it instead</summary>
      <p>
        You can train a velocity whose flow leads to the tilted data (implicit tilt matching). No gradient of
        the reward is needed.
      </p>
      <Formula tex="V \leftarrow v + (\exp(\beta\, r(x_0)) - 1)(\dot x_s - V)" block />
      <p>
        Used as the diagonal term of a flow map, it teaches the jumps to go there too: one jump gives a tilted
        sample.
      </p>
      <p class="soft">
        v is the original velocity: exact if the target is a mixture, learnt otherwise.{' '}
        <a href="https://arxiv.org/abs/2512.21829">Potaptchik et al. 2025</a>.
      </p>
      <div class="buttons">
        <button type="button" class="main" disabled={full || blank} onClick={() => train('lsd')}>
          Train a tilted flow map
        </button>
        <button type="button" disabled={full || blank} onClick={() => train('itm')}>
          Train a tilted velocity
        </button>
      </div>
      {blank && <p class="aside">Nothing is painted yet, so there is nothing to learn.</p>}
      {full && <p class="aside">There are {MOST_RUNS} runs already: remove one above.</p>}
      <p class="soft">
        This adds a run next to run {selected + 1}
        {runs[selected].start ? ', starting from the weights of the example' : ''}. The velocity learns first;
        the jumps follow over several thousand steps.
      </p>
    </details>
  )
}

/** The runs that have learnt a reward, below what steering gives. */
export function LearnedRuns() {
  const tilted = [...state.value.runs.entries()].filter(([, plan]) => plan.stages.at(-1)!.tilt)
  if (tilted.length === 0) return null
  return (
    <div class="results learned">
      {tilted.map(([at, plan]) => (
        <TiltedRun key={at} at={at} plan={plan} />
      ))}
    </div>
  )
}
