import { uniformGrid } from '../../../../sampler/sampler.ts'
import { ChoiceError, type Choices, chooseSteering } from '../../../../steering/choices.ts'
import { trainedObjective } from '../../../plan.ts'
import { Slider } from '../../parts/slider.tsx'
import { state } from '../../state/store.ts'
import { Choice } from '../shared.tsx'
import { changeReward } from './place.tsx'
import { kernels, lookAheads, methods } from './ways.ts'
import './method.css'

/** How the selected run is steered; or why not so, in a line. */
export function chosenWay(): Choices & { readonly refused?: string } {
  const { runs, selected, reward } = state.value
  const { method, kernel, lookAhead, steps } = reward
  const objective = trainedObjective(runs[selected])
  const grid = uniformGrid(steps)
  const asked = {
    method,
    ...(kernel && { kernel }),
    ...(lookAhead && { lookAhead }),
  }
  try {
    return chooseSteering(objective, grid, asked)
  } catch (error) {
    if (!(error instanceof ChoiceError)) throw error
    return { kernel: 'renoise', lookAhead: 'jump', ...asked, refused: `${error.reason}.` }
  }
}

/** What of a way is asked for. */
const usesKernel = ({ method }: Choices): boolean => method !== 'guided'
const looksAhead = ({ method, kernel }: Choices): boolean =>
  method === 'guided' || (method === 'particles' && kernel !== 'noise')
const isMoved = ({ method, kernel }: Choices): boolean =>
  method === 'particles' && (kernel === 'jump' || kernel === 'noise')

/** Metropolis moves after each step: what was chosen, or what the library takes. */
export const movesOf = ({ kernel }: Choices): number =>
  state.value.reward.moves ?? (kernel === 'noise' ? 1 : 0)

/** A choice of ways, with what the chosen one is and what is wrong with it. */
export function Ways<T extends string>({
  name,
  ways,
  value,
  onChange,
}: {
  name: string
  ways: readonly { readonly id: T; readonly name: string; readonly is: string; readonly wrong: string }[]
  value: T
  onChange: (value: T) => void
}) {
  const chosen = ways.find(({ id }) => id === value)
  return (
    <div class="way">
      <Choice
        name={name}
        options={ways.map(({ id, name }) => [id, name])}
        value={value}
        onChange={onChange}
      />
      <p class="soft">
        {chosen?.is} <em>{chosen?.wrong}</em>
      </p>
    </div>
  )
}

/** How samples are steered: method, kernel and look-ahead, and what belongs to each. */
export function SteerControls() {
  const { resample, kernel, lookAhead, moves, method } = state.value.reward
  const way = chosenWay()
  const isOwn = kernel !== null || lookAhead !== null || moves !== null || method !== 'particles' || !resample
  return (
    <>
      <Ways name="Method" ways={methods} value={way.method} onChange={method => changeReward({ method })} />
      {usesKernel(way) && (
        <Ways name="Kernel" ways={kernels} value={way.kernel} onChange={kernel => changeReward({ kernel })} />
      )}
      {looksAhead(way) && (
        <Ways
          name="Look-ahead"
          ways={lookAheads}
          value={way.lookAhead}
          onChange={lookAhead => changeReward({ lookAhead })}
        />
      )}
      {isMoved(way) && (
        <Slider
          name="Metropolis moves after each step"
          value={movesOf(way)}
          min={0}
          max={20}
          step={1}
          onChange={moves => changeReward({ moves })}
        />
      )}
      {way.method === 'particles' && (
        <Choice
          name="Resample on the way"
          options={[
            ['yes', 'Yes'],
            ['no', 'No'],
          ]}
          value={resample ? 'yes' : 'no'}
          onChange={value => changeReward({ resample: value === 'yes' })}
        />
      )}
      <div class="buttons">
        <button
          type="button"
          disabled={!isOwn}
          onClick={() =>
            changeReward({ method: 'particles', kernel: null, lookAhead: null, moves: null, resample: true })
          }
        >
          Default method
        </button>
      </div>
    </>
  )
}
