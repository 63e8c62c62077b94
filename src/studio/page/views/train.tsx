import { datasets } from '../../../data/built-in.ts'
import { objectives } from '../../../objective/index.ts'
import { PointsCanvas } from '../draw/points.tsx'
import { Formula } from '../parts/formula.tsx'
import { change, open, pause, play, selected, selectedLive, takeSteps } from '../store.ts'

const OWN = [0, 0.45, 0.7, 0.55] as const

export function TrainView() {
  const plan = selected.value
  const live = selectedLive.value
  const stage = plan.stages.at(-1)!
  const objective = objectives.get(stage.objective)!
  const step = plan.stages.reduce((total, { steps }) => total + steps, 0)
  return (
    <div class="columns">
      <section class="controls" aria-label="Training">
        <label>
          Target
          <select
            value={plan.target.kind === 'built-in' ? plan.target.name : ''}
            onChange={event =>
              open({
                ...plan,
                target: { kind: 'built-in', name: event.currentTarget.value },
                stages: [{ ...stage, steps: 0, keep: false }],
              })
            }
          >
            {Object.keys(datasets).map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Objective
          <select
            value={stage.objective}
            onChange={event => change({ ...stage, objective: event.currentTarget.value, keep: true })}
          >
            {[...objectives.values()].map(({ id, name }) => (
              <option key={id} value={id}>
                {id}: {name}
              </option>
            ))}
          </select>
        </label>
        <Formula tex={objective.tex} block />
        <div class="buttons">
          {live?.playing ? (
            <button type="button" onClick={() => pause()}>
              Pause
            </button>
          ) : (
            <button type="button" onClick={() => play()}>
              Play
            </button>
          )}
          <button type="button" onClick={() => takeSteps(1)}>
            Step
          </button>
          <button
            type="button"
            onClick={() => open({ ...plan, stages: [{ ...stage, steps: 0, keep: false }] })}
          >
            Reset
          </button>
        </div>
        <p role="status">
          {step} steps
          {live && live.stepsPerSecond > 0 ? `, ${Math.round(live.stepsPerSecond)} a second` : ''}
          {live?.distance
            ? `; sliced Wasserstein at one step ${live.distance.value.toFixed(3)} (floor ${live.distance.floor.toFixed(3)})`
            : ''}
        </p>
      </section>
      <PointsCanvas
        clouds={live ? [{ points: live.samples, colour: OWN, size: 4 }] : []}
        label={`${plan.target.kind === 'built-in' ? plan.target.name : 'drawing'}: points after ${step} steps`}
      />
    </div>
  )
}
