import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { shortNumber } from '../../../draw/number.ts'
import { Slider } from '../../../parts/slider.tsx'
import { dimensionOf } from './model.ts'
import { Pictures } from './pictures.tsx'
import type { SheetOf } from './training-state.ts'

const counted = (steps: number): string => `${steps.toLocaleString('en')} ${steps === 1 ? 'step' : 'steps'}`

/** The first picture of each class. */
function firstsOf({ traits, columns, pixels }: SheetOf['sheet']): Uint8Array {
  const size = dimensionOf(traits)
  const firsts = new Uint8Array(traits.classes.length * size)
  traits.classes.forEach((_, place) => {
    const from = place * columns * size
    firsts.set(pixels.subarray(from, from + size), place * size)
  })
  return firsts
}

/** One noise through a training: a digit of each class after so many steps. */
function Grown({ of: { step, loss, sheet } }: { of: SheetOf }) {
  const firsts = useMemo(() => firstsOf(sheet), [sheet])
  const { shape, classes } = sheet.traits
  return (
    <tr>
      <th scope="row">{step.toLocaleString('en')}</th>
      <td>{loss === null ? '' : shortNumber(loss)}</td>
      <td class="drawn">
        <Pictures
          pixels={firsts}
          shape={shape}
          count={classes.length}
          label={`A digit of each class after ${counted(step)}`}
        />
      </td>
    </tr>
  )
}

/** The sheets of a training as they come: the newest, unless an older one is chosen, and what one noise becomes in all. */
export function Sheets({ sheets }: { sheets: readonly SheetOf[] }) {
  const held = useSignal<number | null>(null)
  const last = sheets.length - 1
  const at = Math.min(held.value ?? last, last)
  const { step, loss, sheet } = sheets[at]
  const { traits, columns, pixels } = sheet
  return (
    <div class="sheets">
      <figure>
        <Pictures
          pixels={pixels}
          shape={traits.shape}
          count={traits.classes.length * columns}
          across={columns}
          label={`Digits in one jump after ${counted(step)} of training`}
        />
        <figcaption>
          One jump, after {counted(step)} of training{loss !== null && `, loss ${shortNumber(loss)}`}
        </figcaption>
        {last > 0 && (
          <Slider
            name="Sheet"
            text={`${at + 1} of ${sheets.length}`}
            value={at}
            min={0}
            max={last}
            step={1}
            onChange={value => {
              held.value = value === last ? null : value
            }}
          />
        )}
      </figure>
      <table>
        <caption class="soft">The first column of each sheet</caption>
        <thead>
          <tr>
            <th scope="col">Steps</th>
            <th scope="col">Loss</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {sheets.map(each => (
            <Grown key={each.step} of={each} />
          ))}
        </tbody>
      </table>
    </div>
  )
}
