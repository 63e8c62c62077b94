import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { Questions } from '../../../engine/protocol.ts'
import type { PageMethod } from '../../../solvers.ts'
import { nearestPoint } from '../../draw/cloud.ts'
import { colourOf, runColour } from '../../draw/colours.ts'
import { landing, metricText } from '../../draw/landing.ts'
import { floorRange, shortNumber } from '../../draw/number.ts'
import { at, Scene, through } from '../../draw/scene.tsx'
import { splitStrays } from '../../draw/strays.ts'
import { Wide } from '../../parts/reachable.tsx'
import { MarkAt } from '../../parts/run-mark.tsx'
import { selected, state } from '../../state/store.ts'
import { type Shown, useAnswer } from '../../state/use-answer.ts'
import { follow, MapChoice, PointChoice, Standing } from '../shared.tsx'
import { worseWithSteps } from './worse.ts'
import './steps.css'

export const STEPS = [1, 2, 4, 8, 16] as const
/** Points in every picture and in its metrics. */
const COUNT = 2000
const REACH = 0.4

/** Solvers of the velocity, with what is said of each. */
const SOLVERS: readonly (readonly [PageMethod, string, string])[] = [
  ['euler', 'Euler', 'Each step goes straight along the velocity at the point, V(x, s, s).'],
  [
    'ddim',
    'DDIM',
    'Each step is exact if the predicted data does not change; on the linear path, it equals Euler.',
  ],
  ['dpm++2m', 'DPM-Solver++ (2M)', 'Each step extrapolates the predicted data from the previous step.'],
  ['midpoint', 'Midpoint', 'Each step uses the velocity at its midpoint, and costs two evaluations.'],
]

const METRICS: Readonly<Record<string, string>> = {
  strays: 'On the data',
  slicedWasserstein: 'Sliced Wasserstein',
  energyDistance: 'Energy distance',
  histogramKL: 'Histogram KL',
  modeJS: 'Mode frequencies (JS)',
}

type Answer = Shown<'samples'>
type Floors = Questions['metrics']['answer']['floors']

export function StepsView() {
  const plan = selected.value
  const metric = useSignal('slicedWasserstein')
  const solver = useSignal<PageMethod>('euler')
  const [, name, words] = SOLVERS.find(([id]) => id === solver.value)!
  return (
    <div class="steps">
      <div class="controls">
        <p>
          The same {COUNT.toLocaleString('en')} points of noise, taken to data in more and more steps. A step
          costs one evaluation of the network (NFE). Lower distances are better; beside each is what real data
          scores.
        </p>
        <p class="soft">
          <span class="key of-strays">off the data</span>
        </p>
        <MapChoice />
        <PointChoice count={COUNT} />
        <label class="field">
          <span class="name">Metric</span>
          <select
            value={metric.value}
            onChange={event => {
              metric.value = event.currentTarget.value
            }}
          >
            {Object.entries(METRICS)
              .filter(([name]) => name !== 'strays')
              .map(([name, label]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
          </select>
        </label>
        <label class="field">
          <span class="name">Solver</span>
          <select
            value={solver.value}
            onChange={event => {
              solver.value = event.currentTarget.value as PageMethod
            }}
          >
            {SOLVERS.map(([id, label]) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <Standing plan={plan} />
      </div>
      <Row
        method="jump"
        title="Jumps of the map"
        words="Each step is one jump, F(x, s, t)."
        metric={metric.value}
      />
      <Row
        key={solver.value}
        method={solver.value}
        title={`${name} on its velocity`}
        words={words}
        metric={metric.value}
      />
    </div>
  )
}

/** One method at every number of steps. */
function Row({
  method,
  title,
  words,
  metric,
}: {
  method: PageMethod
  title: string
  words: string
  metric: string
}) {
  const { seed } = selected.value
  const { weights } = state.value
  const answers = STEPS.map(steps =>
    // The list never changes, so each has its place.
    useAnswer('samples', `${steps} ${method} ${weights} ${seed}`, {
      steps,
      method,
      weights,
      count: COUNT,
      seed,
    }),
  )
  const floors = answers.find(({ answer }) => answer)?.answer?.floors
  const values = answers.map(({ answer }) => answer?.values[metric] ?? null)
  const complete = answers.every(({ fresh }) => fresh)
  const worse = floors && complete ? worseWithSteps(STEPS, values, floors[metric]) : []
  const error = answers.find(({ error }) => error)?.error
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <p class="soft">{words}</p>
      <ul class="ladder">
        {STEPS.map((steps, i) => (
          <li key={steps}>
            <Tile steps={steps} method={method} shown={answers[i]} metric={metric} />
          </li>
        ))}
      </ul>
      <p class="verdict" role="status">
        {error ??
          (floors?.[metric] && complete
            ? verdict(
                worse,
                STEPS.filter((_, i) => answers[i].answer?.within),
                floors[metric],
              )
            : ' ')}
      </p>
      <AllMetrics answers={answers} floors={floors} title={title} />
    </section>
  )
}

/** What may be read out of a row of numbers, and what may not. */
function verdict(
  worse: readonly (readonly [number, number])[],
  within: readonly number[],
  floor: Floors[string],
): string {
  const range = `Real data scores ${floorRange(floor)}`
  const pairs = worse.map(([few, many]) => `${many} than at ${few}`).join(', ')
  return [
    within.length === 0
      ? `${range}. At no number of steps is every metric within the range of real data.`
      : `${range}. Every metric is within the range of real data at ${listed(within)} ${within.length > 1 ? 'steps; differences are within noise' : within[0] === 1 ? 'step' : 'steps'}.`,
    ...(worse.length > 0 ? [`▲ More steps make it worse: worse at ${pairs}, by more than chance.`] : []),
  ].join(' ')
}

const listed = (numbers: readonly number[]): string =>
  numbers.length > 1 ? `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}` : `${numbers[0]}`

function Tile({
  steps,
  method,
  shown,
  metric,
}: {
  steps: number
  method: PageMethod
  shown: Answer
  metric: string
}) {
  const { answer, fresh } = shown
  const { point } = state.value.jump
  const run = state.value.selected
  const colour = colourOf(runColour(run), 0.6)
  const end = answer?.path.at(-1)
  const strays = answer?.values.strays
  const marks = answer?.marks
  const clouds = useMemo(
    () => (end ? splitStrays({ points: end, colour, size: 3 }, marks) : []),
    [end, marks, String(colour)],
  )
  const floor = answer?.floors[metric]
  const value = answer?.values[metric]
  return (
    <figure class={method} aria-busy={!fresh} data-steps={steps}>
      <Scene
        clouds={clouds}
        label={`${COUNT} samples in ${steps} steps${strays === undefined ? '' : `, ${landing(strays)} on the data`}`}
        onPick={place => end && follow(nearestPoint([end], place, REACH))}
      >
        {answer && point !== null && point < COUNT && (
          <g class="followed">
            <polyline class="leap" points={through(answer.path.map(points => at(points, point)))} />
            {answer.path.slice(0, -1).map((points, i) => {
              const [cx, cy] = at(points, point)
              return <circle key={i} class="from" cx={cx} cy={cy} r={0.12} />
            })}
            <Landed run={run} place={at(answer.path.at(-1)!, point)} />
          </g>
        )}
      </Scene>
      <figcaption>
        <strong>{steps === 1 ? '1 step' : `${steps} steps`}</strong>
        <span data-number={`landing ${method} ${steps}`}>
          {strays === undefined ? (
            '…'
          ) : (
            <>
              <data value={String(strays)}>{landing(strays)}</data> on the data
            </>
          )}
        </span>
        <span class="floor">
          real: {answer ? landing(answer.floors.strays.value).replace(' of 100', '') : '…'}
        </span>
        <span data-number={`${method} ${steps}`}>
          {value === undefined ? (
            answer ? (
              'not for this target'
            ) : (
              '…'
            )
          ) : (
            <data value={String(value)}>{shortNumber(value)}</data>
          )}
        </span>
        <span class="floor">real: {floor ? shortNumber(floor.value) : '…'}</span>
      </figcaption>
    </figure>
  )
}

function Landed({ run, place: [x, y] }: { run: number; place: readonly [number, number] }) {
  return <MarkAt kind="landed" at={run} x={x} y={y} width={0.45} />
}

/** Every metric of a row, behind a word. */
function AllMetrics({
  answers,
  floors,
  title,
}: {
  answers: readonly Answer[]
  floors: Floors | undefined
  title: string
}) {
  return (
    <details>
      <summary>All metrics</summary>
      <Wide>
        <table>
          <caption class="hidden-but-read">{title}: metrics by number of steps</caption>
          <thead>
            <tr>
              <th scope="col">Metric</th>
              {STEPS.map(steps => (
                <th key={steps} scope="col">
                  {steps}
                </th>
              ))}
              <th scope="col">Real data</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(METRICS)
              .filter(([name]) => floors?.[name])
              .map(([name, label]) => (
                <tr key={name}>
                  <th scope="row">{label}</th>
                  {answers.map(({ answer }, i) => (
                    <td key={STEPS[i]}>{metricText(name, answer?.values[name])}</td>
                  ))}
                  <td>{metricText(name, floors?.[name].value)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </Wide>
    </details>
  )
}
