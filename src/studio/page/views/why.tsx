import { useMemo } from 'preact/hooks'
import type { ResidualGrid } from '../../../metric/residuals.ts'
import { colourScale } from '../../../report/colour-scale.ts'
import type { BinnedLoss } from '../../../training/loss-bins.ts'
import { useAnswer } from '../asking.ts'
import { Heat, HeatBar, type HeatMap } from '../draw/heat.tsx'
import { shortNumber } from '../draw/number.ts'
import { Wide } from '../parts/reachable.tsx'
import { selected, state } from '../store.ts'
import { FieldSection } from './field.tsx'
import { Standing, WeightsChoice } from './shared.tsx'
import './views.css'

/** Times along each side of a map. */
const LEVELS = 8
/** Draws of a loss by its times. */
const DRAWS = 16_384
/** Samples that metrics are measured on. */
const COUNT = 2000
const STEPS = [1, 4] as const

export function WhyView() {
  return (
    <div class="steps">
      <div class="tools">
        <WeightsChoice />
        <Standing plan={selected.value} />
      </div>
      <FieldSection />
      <ResidualSection />
      <LossSection />
      <WeightsSection />
    </div>
  )
}

/** Edges halfway between values that lie equally far apart. */
const edgesAround = (values: readonly number[]): number[] => {
  const half = (values[1] - values[0]) / 2
  return [values[0] - half, ...values.map(value => value + half)]
}

const RESIDUALS = [
  ['semigroup', 'Semigroup error', 'Two jumps against one: |F(F(x,s,m),m,t) − F(x,s,t)|', ''],
  [
    'lagrangian',
    'Lagrangian residual',
    'Where the jump goes as t moves: |∂ₜF − V(F,t,t)|',
    'per unit of time',
  ],
  [
    'eulerian',
    'Eulerian residual',
    'What moving the start changes: |∂ₛF + ∂ₓF·V(x,s,s)|',
    'per unit of time',
  ],
] as const

const mapOf = (title: string, unit: string, { s, t, values }: ResidualGrid): HeatMap => ({
  title,
  unit,
  edges: { across: edgesAround(s), up: edgesAround(t) },
  at: [s, t],
  names: ['s: from', 't: to'],
  values,
})

const finite = (values: HeatMap['values']): number[] =>
  values.flat().filter((value): value is number => value !== null)

/** Room for maps that are not there yet. */
const Waiting = ({ count }: { count: number }) => (
  <div class="maps">
    {Array.from({ length: count }, (_, i) => (
      <div key={i} class="heat waiting" />
    ))}
  </div>
)

function ResidualSection() {
  const { weights } = state.value
  const { answer, fresh, error } = useAnswer('residuals', `${LEVELS} ${weights}`, { levels: LEVELS, weights })
  const scales = useMemo(() => {
    if (!answer) return null
    const rates = [...finite(answer.lagrangian.values), ...finite(answer.eulerian.values)]
    const rate = colourScale(rates)
    return { semigroup: colourScale(finite(answer.semigroup.values)), lagrangian: rate, eulerian: rate }
  }, [answer])
  return (
    <section aria-label="Residuals" aria-busy={!fresh}>
      <h2>Is it a flow map? Residuals over (s, t)</h2>
      <p class="soft">
        All three are zero for a flow map, whatever its data: root mean squares over 128 points of the path.
        They say that jumps agree with each other and with the map’s own velocity, not that the velocity is
        right.
      </p>
      {answer && scales ? (
        <div class="maps">
          {RESIDUALS.map(([name, title, words, unit]) => (
            <div key={name}>
              <Heat map={mapOf(title, unit, answer[name])} scale={scales[name]} />
              <HeatBar scale={scales[name]} unit={unit} />
              <p class="soft">
                {words}. Mean {shortNumber(answer[name].mean)}.
              </p>
            </div>
          ))}
        </div>
      ) : (
        <Waiting count={3} />
      )}
      {error && <p class="problem">{error}</p>}
    </section>
  )
}

const lossMap = ({ part, times, edges, mean }: BinnedLoss): HeatMap => ({
  title: `${part.charAt(0).toUpperCase()}${part.slice(1)}`,
  unit: '',
  edges: times.length === 2 ? { across: edges, up: edges } : { across: edges },
  names: times.length === 2 ? ['s: from', 't: to'] : [times[0]],
  values: mean,
})

function LossSection() {
  const { weights } = state.value
  const { objective } = selected.value.stages.at(-1)!
  const { answer, fresh, error } = useAnswer('losses', `${LEVELS} ${DRAWS} ${weights} ${objective}`, {
    bins: LEVELS,
    draws: DRAWS,
    weights,
  })
  return (
    <section aria-label="Loss by times" aria-busy={!fresh}>
      <h2>Where it still errs: the loss of {objective} by its times</h2>
      <p class="soft">
        The objective’s own squared residual on {DRAWS.toLocaleString('en')} fresh draws, without weights, by
        the times drawn. A diagonal term against single noise draws cannot reach zero.
      </p>
      {answer ? (
        <div class="maps">
          {answer.map(loss => {
            const map = lossMap(loss)
            const scale = colourScale(finite(map.values))
            return (
              <div key={loss.part}>
                <Heat map={map} scale={scale} />
                <HeatBar scale={scale} unit="" />
              </div>
            )
          })}
        </div>
      ) : (
        <Waiting count={2} />
      )}
      {error && <p class="problem">{error}</p>}
    </section>
  )
}

const METRICS: Readonly<Record<string, string>> = {
  slicedWasserstein: 'Sliced Wasserstein',
  energyDistance: 'Energy distance',
  histogramKL: 'Histogram KL',
  modeJS: 'Mode frequencies (JS)',
}

/** Averaged and raw weights beside each other. */
function WeightsSection() {
  const { seed } = selected.value
  const question = { steps: STEPS, method: 'jump', count: COUNT, seed } as const
  const ema = useAnswer('metrics', `ema ${STEPS} ${seed}`, { ...question, weights: 'ema' })
  const raw = useAnswer('metrics', `raw ${STEPS} ${seed}`, { ...question, weights: 'raw' })
  const names = Object.keys(METRICS).filter(name => ema.answer?.floors[name])
  return (
    <section aria-label="Averaged and raw weights" aria-busy={!(ema.fresh && raw.fresh)}>
      <h2>Averaged (EMA) against raw weights</h2>
      <p class="soft">
        Metrics of {COUNT.toLocaleString('en')} samples, lower is better. Early on the average lags behind;
        later it is the calmer of the two.
      </p>
      <Wide kind="weights">
        <table>
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col">steps</th>
              <th scope="col">EMA</th>
              <th scope="col">raw</th>
              <th scope="col">raw − EMA</th>
              <th scope="col">floor</th>
            </tr>
          </thead>
          <tbody>
            {names.flatMap(name =>
              STEPS.map((steps, i) => {
                const [a, b] = [ema, raw].map(({ answer }) => answer?.values[i][name] ?? null)
                return (
                  <tr key={`${name} ${steps}`}>
                    <th scope="row">{METRICS[name]}</th>
                    <td>{steps}</td>
                    <td>{shortNumber(a)}</td>
                    <td>{shortNumber(b)}</td>
                    <td>{a === null || b === null ? '' : `${b > a ? '+' : ''}${shortNumber(b - a)}`}</td>
                    <td>{shortNumber(ema.answer?.floors[name].value)}</td>
                  </tr>
                )
              }),
            )}
          </tbody>
        </table>
      </Wide>
    </section>
  )
}
