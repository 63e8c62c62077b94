import { estimate } from '../../../../metric/estimate.ts'
import type { ResidualGrid } from '../../../../metric/residuals.ts'
import { colourScale } from '../../../../report/colour-scale.ts'
import { shortNumber } from '../../draw/number.ts'
import { Heat, type TimeMap } from '../../parts/heat-map.tsx'
import { Maps, WaitingMaps } from '../../parts/maps.tsx'
import { state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'

/** Times along each side of a map. */
export const LEVELS = 8

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
    'How far the jump’s end leaves the velocity as t moves: |∂ₜF − V(F,t,t)|',
    'per unit of time',
  ],
  [
    'eulerian',
    'Eulerian residual',
    'How far the jump’s end moves as its start slides along the path: |∂ₛF + ∂ₓF·V(x,s,s)|',
    'per unit of time',
  ],
] as const

const mapOf = (title: string, unit: string, { s, t, values }: ResidualGrid): TimeMap => ({
  title,
  unit,
  edges: { across: edgesAround(s), up: edgesAround(t) },
  at: [s, t],
  names: ['s: from', 't: to'],
  values,
})

/** A map's mean, and how far its points leave it open with 95 % confidence. */
function meanWords({ mean, deviation }: ResidualGrid): string {
  const estimated = mean !== null && deviation !== null ? estimate(mean, deviation, [0, Infinity]) : null
  const range = estimated ? ` (${estimated.interval.map(shortNumber).join(' to ')})` : ''
  return `${shortNumber(mean)}${range}`
}

/** Colours that are the same for every map, so that two can be compared: of a distance, and of a velocity. */
const DISTANCE = colourScale([0.01, 1])
const VELOCITY = colourScale([0.1, 10])
const SCALES = { semigroup: DISTANCE, lagrangian: VELOCITY, eulerian: VELOCITY }

/** How far a run's map is from a flow map, over pairs of times. */
export function ResidualMaps({ run = state.value.selected }: { run?: number }) {
  const { weights } = state.value
  const { answer, fresh, error } = useAnswer(
    'residuals',
    `${LEVELS} ${weights}`,
    { levels: LEVELS, weights },
    'training',
    run,
  )
  return (
    <div aria-busy={!fresh}>
      {answer ? (
        <Maps name="Residual maps">
          {RESIDUALS.map(([name, title, words, unit]) => (
            <div key={name}>
              <Heat map={mapOf(title, unit, answer[name])} scale={SCALES[name]}>
                <p class="soft">
                  {words}. Mean {meanWords(answer[name])}.
                </p>
              </Heat>
            </div>
          ))}
        </Maps>
      ) : (
        <WaitingMaps count={3} />
      )}
      {error && <p class="problem">{error}</p>}
    </div>
  )
}

/** The same with what it means. */
export function ResidualSection() {
  return (
    <section aria-label="Residuals">
      <h2>Is it a flow map? Residuals over (s, t)</h2>
      <p class="soft">
        Three residuals that vanish for every flow map, whatever its data; each cell is the root mean square
        over 2,048 points of the path. They show whether jumps agree with each other and with the map’s own
        velocity, not whether that velocity is right.
      </p>
      <ResidualMaps />
      <p class="soft">
        The semigroup error is a distance. The other two are velocities: compare them with the speed of the
        grey points above. Colours mean the same for every run; off-scale values take the end colour.
      </p>
    </section>
  )
}
