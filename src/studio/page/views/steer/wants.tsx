import { state, update } from '../../state/store.ts'
import { Choice } from '../shared.tsx'

const wants = [
  ['bump', 'Bump'],
  ['painted', 'Paint'],
  ['class', 'Class'],
  ['mask', 'Mask'],
] as const
type Want = (typeof wants)[number][0]
/** What digits can be steered to as well. */
type DigitWant = Extract<Want, 'class' | 'mask'>
const isOfDigits = (want: Want): want is DigitWant => want === 'class' || want === 'mask'

const isDigits = (): boolean => state.value.view === 'fill'
const chosenWant = (): Want => (isDigits() ? state.value.fill.goal : state.value.reward.kind)

/** Shows the view of points or of digits, with the same goal in both where both know it. */
function show(kind: Want, digits: boolean): void {
  const { reward, fill } = state.value
  update({
    view: digits && isOfDigits(kind) ? 'fill' : 'steer',
    reward: { ...reward, kind },
    ...(isOfDigits(kind) && { fill: { ...fill, goal: kind } }),
  })
}

/** What is wanted of samples, and of which: the first choices of the inspector. */
export function WantChoice() {
  const want = chosenWant()
  const digits = isDigits()
  return (
    <>
      <div class="wants">
        <Choice name="What do you want?" options={wants} value={want} onChange={next => show(next, digits)} />
      </div>
      {isOfDigits(want) && (
        <div class="wants-of">
          <Choice
            name="Of what?"
            options={[
              ['points', 'Points'],
              ['digits', 'Digits'],
            ]}
            value={digits ? 'digits' : 'points'}
            onChange={next => show(want, next === 'digits')}
          />
        </div>
      )}
    </>
  )
}
