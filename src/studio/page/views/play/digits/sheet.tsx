import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { state } from '../../../state/store.ts'
import { chosen, dimensionOf, type OpenedModel } from './model.ts'
import { Row } from './row.tsx'

const COLUMNS = 8
/** Rows of one class. */
const ROWS = 10

/** One-step digits: a row for each class from the same noise, or many of the class that is chosen. */
export function SheetSection({ model }: { model: OpenedModel }) {
  const { classes: names } = model.traits
  const { seed } = state.value.digits
  const { class: place, scale } = chosen(model.traits)
  const dimension = dimensionOf(model.traits)
  const isOne = place !== null || names.length === 0
  const rows = isOne ? ROWS : names.length
  const noise = useMemo(() => drawNoise(COLUMNS * ROWS, dimension, seed), [dimension, seed])
  const starts = Array.from({ length: rows }, (_, row) => {
    const from = isOne ? row : 0
    return {
      name: `sheet ${seed} ${from}`,
      noise: noise.slice(from * COLUMNS * dimension, (from + 1) * COLUMNS * dimension),
      classes: names.length === 0 ? null : new Array<number>(COLUMNS).fill(place ?? row),
    }
  })
  return (
    <section class="digit-sheet" aria-label="One step">
      <h2>One step</h2>
      <p class="soft">
        {isOne
          ? `${COLUMNS * ROWS} noises, each taken to a digit by one jump.`
          : 'Each column is one noise, each row a class that the map is told. One jump each.'}
      </p>
      <div class="rows">
        {starts.map((start, row) => (
          <Row
            key={row}
            model={model}
            start={start}
            scale={scale}
            steps={1}
            label={`${COLUMNS} digits in one step${names.length === 0 ? '' : `: ${names[place ?? row]}`}`}
          />
        ))}
      </div>
    </section>
  )
}
