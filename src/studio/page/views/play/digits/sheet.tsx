import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { state } from '../../../state/store.ts'
import { Choice } from '../../shared.tsx'
import { chosen, dimensionOf, type OpenedModel } from './model.ts'
import { Row, type Start } from './row.tsx'

/** Rows and columns of a sheet: few and large, or a row for each of ten classes. */
const SIZES = { small: [4, 4], whole: [10, 8] } as const
type Size = keyof typeof SIZES

/** Pictures of the largest sheet, each with its own noise. */
const MOST = 80

/** One-step digits: of every class, or of the one that is chosen. */
export function SheetSection({ model }: { model: OpenedModel }) {
  const size = useSignal<Size>('small')
  const { classes: names } = model.traits
  const { seed } = state.value.digits
  const { class: place, scale } = chosen(model.traits)
  const dimension = dimensionOf(model.traits)
  const noise = useMemo(() => drawNoise(MOST, dimension, seed), [dimension, seed])
  const [most, columns] = SIZES[size.value]
  const isOne = place !== null || names.length === 0
  const byClass = size.value === 'whole' && !isOne
  const rows = byClass ? names.length : most
  const starts = Array.from({ length: rows }, (_, row): Start => {
    const from = byClass ? 0 : row * columns
    const classes = Array.from(
      { length: columns },
      (_, column) => place ?? (byClass ? row : (from + column) % names.length),
    )
    return {
      name: `sheet ${seed} ${columns} ${from}`,
      noise: noise.slice(from * dimension, (from + columns) * dimension),
      classes: names.length === 0 ? null : classes,
    }
  })
  return (
    <section class="digit-sheet" aria-label="One step">
      <h2>One step</h2>
      <p class="soft">
        {byClass
          ? 'Each column is one noise, each row a class that the map is told. One jump each.'
          : `${rows * columns} noises, each taken to a digit by one jump.`}
      </p>
      <div class={`rows ${size.value}`}>
        {starts.map((start, row) => (
          <Row
            key={`${size.value} ${row}`}
            model={model}
            start={start}
            scale={scale}
            steps={1}
            label={`${columns} digits in one step${start.classes ? `: ${[...new Set(start.classes)].map(each => names[each]).join(', ')}` : ''}`}
          />
        ))}
      </div>
      <Choice<Size>
        name="Digits in the sheet"
        options={[
          ['small', '4 × 4'],
          ['whole', isOne ? '10 × 8' : `${names.length} × 8, a row per class`],
        ]}
        value={size.value}
        onChange={next => {
          size.value = next
        }}
      />
    </section>
  )
}
