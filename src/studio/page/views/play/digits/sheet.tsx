import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { state } from '../../../state/store.ts'
import { chosen, dimensionOf, type OpenedModel } from './model.ts'
import { Row } from './row.tsx'

/** Pictures in a row. */
const COLUMNS = 8

/** The same noises as every class that the map is told. */
export function SheetSection({ model }: { model: OpenedModel }) {
  const { classes } = model.traits
  const { seed } = state.value.digits
  const { scale } = chosen(model.traits)
  const dimension = dimensionOf(model.traits)
  const noise = useMemo(() => drawNoise(COLUMNS, dimension, seed), [dimension, seed])
  if (classes.length === 0) return null
  return (
    <section class="digit-sheet" aria-label="Classes">
      <h2>The same noise in every class</h2>
      <p class="soft">Each column is one noise, each row a class that the map is told. One jump each.</p>
      <div class="rows">
        {classes.map((name, row) => (
          <Row
            key={name}
            model={model}
            start={{ noise, name: `sheet ${seed}`, classes: new Array<number>(COLUMNS).fill(row) }}
            scale={scale}
            steps={1}
            label={`${COLUMNS} digits in one jump: ${name}`}
          />
        ))}
      </div>
    </section>
  )
}
