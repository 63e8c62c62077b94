import type { BinnedLoss } from '../../../../evaluation/loss-bins.ts'
import { objectives } from '../../../../objective/index.ts'
import { colourScale } from '../../../../report/colour-scale.ts'
import { trainedBy } from '../../../example/trained-by.ts'
import { stepsOf } from '../../../plan.ts'
import { metricRange, metricText } from '../../draw/landing.ts'
import { Heat, type TimeMap } from '../../parts/heat-map.tsx'
import { Maps, WaitingMaps } from '../../parts/maps.tsx'
import { Wide } from '../../parts/reachable.tsx'
import { selected, state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { MapChoice, Standing } from '../shared.tsx'
import { FieldSection } from './field.tsx'
import { LEVELS, ResidualSection } from './residuals.tsx'
import './why.css'

/** Draws of a loss by its times. */
const DRAWS = 16_384
/** Samples that metrics are measured on. */
const COUNT = 2000
const STEPS = [1, 4] as const

export function WhyView() {
  return (
    <div class="steps">
      <div class="controls">
        <MapChoice />
        <Standing plan={selected.value} />
      </div>
      <FieldSection />
      <ResidualSection />
      <LossSection />
      <WeightsSection />
    </div>
  )
}

const lossMap = ({ part, times, edges, mean }: BinnedLoss): TimeMap => ({
  title: `${part.charAt(0).toUpperCase()}${part.slice(1)}`,
  unit: '',
  edges: times.length === 2 ? { across: edges, up: edges } : { across: edges },
  names: times.length === 2 ? ['s: from', 't: to'] : [times[0]],
  values: mean,
})

function LossSection() {
  const { weights } = state.value
  const { start, stages } = selected.value
  const { objective } = stages.at(-1)!
  const { name } = objectives.get(objective)!
  const untouched = start === 'example' && stepsOf(selected.value) === 0
  const { answer, fresh, error } = useAnswer('losses', `${LEVELS} ${DRAWS} ${weights} ${objective}`, {
    bins: LEVELS,
    draws: DRAWS,
    weights,
  })
  return (
    <section aria-label="Loss by times" aria-busy={!fresh}>
      <h2>
        {untouched ? 'Where the loss is largest' : 'Where it is still wrong'}: the loss of {name} by time
      </h2>
      <p class="soft">
        {untouched &&
          trainedBy.stages.every(stage => stage.objective !== objective) &&
          'The example was never trained on this loss: it shows where further training would start. '}
        The squared error that this objective trains on, before weighting, in {DRAWS.toLocaleString('en')}{' '}
        fresh draws, grouped by time. A diagonal term learns from single draws of noise, so it never reaches
        zero.
      </p>
      {answer ? (
        <Maps name="Loss maps">
          {answer.map(loss => {
            const map = lossMap(loss)
            const values = map.values.flat().filter(value => value !== null)
            return (
              <div key={loss.part}>
                <Heat map={map} scale={colourScale(values)} />
              </div>
            )
          })}
        </Maps>
      ) : (
        <WaitingMaps count={2} />
      )}
      {error && <p class="problem">{error}</p>}
    </section>
  )
}

const METRICS: Readonly<Record<string, string>> = {
  strays: 'On the data',
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
        Metrics of {COUNT.toLocaleString('en')} samples in 1 and 4 steps; lower distances are better, and the
        last column is the range of real data. Below each number is its 95 % confidence interval. Early in
        training, the average lags behind; later, it is the more stable one.
      </p>
      <Wide kind="weights">
        <table>
          <thead>
            <tr>
              <th scope="col">Steps</th>
              <th scope="col">EMA</th>
              <th scope="col">Raw</th>
              <th scope="col">Real data</th>
            </tr>
          </thead>
          {names.map(name => (
            <tbody key={name}>
              <tr class="group">
                <th scope="rowgroup" colSpan={4}>
                  {METRICS[name]}
                </th>
              </tr>
              {STEPS.map((steps, i) => {
                const floor = ema.answer?.floors[name]
                return (
                  <tr key={steps}>
                    <th scope="row">{steps}</th>
                    {[ema, raw].map(({ answer }, which) => (
                      <td key={which === 0 ? 'ema' : 'raw'}>
                        {metricText(name, answer?.values[i][name])}
                        <small>{answer ? metricRange(name, answer.intervals[i][name]) : ' '}</small>
                      </td>
                    ))}
                    <td>{floor && metricRange(name, [floor.low, floor.high])}</td>
                  </tr>
                )
              })}
            </tbody>
          ))}
        </table>
      </Wide>
    </section>
  )
}
