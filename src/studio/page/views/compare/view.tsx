import type { QueryResult } from '../../connection/query-cache.ts'
import { atLeast } from '../../parts/at-least.ts'
import { targetName } from '../../parts/run-name.ts'
import { MOST_RUNS, state, update } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { Choice, MapChoice, PointChoice } from '../shared.tsx'
import { CompareCards } from './cards.tsx'
import { CompareCurves } from './curves.tsx'
import { EqualSteps } from './equal-steps.tsx'
import { WhyItMisses } from './missed.tsx'
import { COMPARED, NFE, RunPicture, seedOf } from './picture.tsx'
import { CompareTable } from './table.tsx'
import './view.css'

const sameTarget = (a: number, b: number): boolean =>
  JSON.stringify(state.value.runs[a].target) === JSON.stringify(state.value.runs[b].target)

/** What is measured of each run; of places without a run nothing. */
function useMeasured(): QueryResult[] {
  const { weights, runs } = state.value
  const question = { steps: NFE, method: 'jump', weights, count: COMPARED, seed: seedOf(runs) } as const
  return Array.from({ length: MOST_RUNS }, (_, at) =>
    // The same hooks each time, whatever runs there are.
    useAnswer(
      'metrics',
      `compare ${weights} ${question.seed}`,
      at < runs.length ? question : null,
      'training',
      Math.min(at, runs.length - 1),
    ),
  ).slice(0, runs.length)
}

/** Says which runs cannot be compared. */
function Targets() {
  const { runs, selected } = state.value
  const others = [...runs.keys()].filter(at => !sameTarget(at, selected))
  if (others.length === 0) return null
  const names = others.map(at => `run ${at + 1} (${targetName(runs[at])})`).join(' and ')
  return (
    <p class="aside">
      Not comparable with run {selected + 1}, which is on {targetName(runs[selected])}: {names}. Distances are
      always to a run’s own target.
    </p>
  )
}

/** Whether there is room for a table of all runs. */
const roomy = atLeast(1240)

export function CompareView() {
  const { runs, compare } = state.value
  const measured = useMeasured()
  const rows = runs.map((plan, at) => ({
    at,
    plan,
    measured: measured[at],
    comparable: sameTarget(at, state.value.selected),
  }))
  return (
    <div class="compare">
      <div class="choices">
        <Choice
          name="Steps per sample"
          options={NFE.map(n => [String(n), String(n)] as const)}
          value={String(compare.steps)}
          onChange={steps => update({ compare: { steps: Number(steps) } })}
        />
        <MapChoice />
        <PointChoice count={COMPARED} />
      </div>
      <Targets />
      <EqualSteps />
      <section aria-labelledby="samples-heading">
        <h3 id="samples-heading">Samples from the same noise</h3>
        <div class="pictures" style={{ '--runs': runs.length }}>
          {runs.map((plan, at) => (
            <RunPicture key={at} at={at} plan={plan} />
          ))}
        </div>
        {runs.length === 1 && (
          <p class="aside">
            There is only one run so far. Add another above: it uses the same target and the same seed.
          </p>
        )}
      </section>
      <WhyItMisses />
      <CompareCurves />
      {roomy.value ? <CompareTable rows={rows} /> : <CompareCards rows={rows} />}
    </div>
  )
}
