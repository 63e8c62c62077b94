import { computed, signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { Columns } from '../../target/columns.ts'
import { FILLED, type FilePoints, pointsTarget } from '../../target/points.ts'
import { colourOf } from '../draw/colours.ts'
import { PointsCanvas } from '../draw/points.tsx'
import { making, showSamples, takeTarget } from './choose.ts'
import { openTargetFile } from './open-file.ts'
import { replaceDrawing } from './painter.tsx'
import { Stage } from './stage.tsx'
import { drawTarget } from './target-points.ts'

interface Table {
  readonly file: string
  readonly columns: Columns
}

const table = signal<Table | null>(null)
const refusal = signal<string | null>(null)
const busy = signal(false)
const lightIsInk = signal(false)
const chosen = signal<readonly [number, number]>([0, 1])
const ownScales = signal(false)

/** Reads a file that was dropped or chosen: a table is shown with its columns, an image becomes a drawing. */
export async function takeFile(file: File): Promise<void> {
  making.value = 'file'
  table.value = null
  refusal.value = null
  busy.value = true
  try {
    const found = await openTargetFile(file, lightIsInk.value)
    if ('cells' in found) {
      replaceDrawing(found.cells)
      making.value = 'drawing'
    } else {
      table.value = { file: file.name, columns: found.columns }
      chosen.value = [0, 1]
    }
  } catch (error) {
    refusal.value = (error as Error).message
  }
  busy.value = false
}

const number = (value: number): string => String(Number(value.toPrecision(4)))
const counted = (value: number): string => value.toLocaleString('en')

/** What was done to the points, in words. */
function account(
  { usable, kept, skipped, ranges, outliers }: FilePoints,
  leftOut: readonly string[],
): string {
  const [x, y] = ranges.map(([low, high]) => `${number(low)} to ${number(high)}`)
  const rows =
    kept === usable
      ? `all ${counted(kept)} rows`
      : `${counted(kept)} of ${counted(usable)} rows, drawn at random`
  const holes = skipped > 0 ? ` ${counted(skipped)} rows without two numbers are skipped.` : ''
  const far = outliers.flatMap((value, i) =>
    value === undefined ? [] : [` ${'xy'[i]} ${number(value)} is an outlier that sets the scale.`],
  )
  const index = leftOut.map(name => ` Column ${name} is skipped: it is the index of a data frame.`)
  return `x from ${x} and y from ${y}, moved and scaled ${ownScales.value ? 'each by itself' : 'alike'} into the square from −${FILLED} to ${FILLED}; ${rows}.${[holes, ...far, ...index].join('')}`
}

function ColumnChoice({ axis, name, names }: { axis: 0 | 1; name: string; names: readonly string[] }) {
  return (
    <label class="field">
      {name}
      <select
        value={String(chosen.value[axis])}
        onChange={event => {
          const next = Number(event.currentTarget.value)
          chosen.value = axis === 0 ? [next, chosen.value[1]] : [chosen.value[0], next]
        }}
      >
        {names.map((title, i) => (
          <option key={title} value={String(i)}>
            {title}
          </option>
        ))}
      </select>
    </label>
  )
}

/** What would be trained on, or why nothing can be. */
const made = computed((): FilePoints | string | null => {
  if (!table.value) return null
  try {
    return pointsTarget(table.value.columns, chosen.value, ownScales.value, table.value.file)
  } catch (error) {
    return (error as Error).message
  }
})

/** The points of the file as the stage will show them, or where they will be. */
function Preview() {
  const found = made.value
  const colour = colourOf('--target', 0.6)
  const clouds = useMemo(
    () =>
      found === null || typeof found === 'string'
        ? null
        : [{ points: drawTarget(found.target, 2000), colour, size: 4 }],
    [found, colour.join()],
  )
  if (clouds) return <PointsCanvas clouds={clouds} label={`The points of ${table.value?.file}`} />
  return (
    <div class="easel">
      <p class="soft">
        {busy.value ? 'Reading the file' : 'Drop a file anywhere on the page. It stays in your browser.'}
      </p>
    </div>
  )
}

/** What of the file is taken. */
function TableChoice({ file, columns }: Table) {
  const found = made.value
  return (
    <>
      <div class="pair">
        <ColumnChoice axis={0} name="x" names={columns.names} />
        <ColumnChoice axis={1} name="y" names={columns.names} />
      </div>
      <p class={typeof found === 'string' ? 'problem' : 'soft'} role="status">
        {found && typeof found !== 'string' ? `${file}: ${account(found, columns.leftOut ?? [])}` : found}
      </p>
    </>
  )
}

/** The stage as a place to see what a file holds. */
export function FileTarget() {
  const found = made.value
  return (
    <>
      <Stage>
        <Preview />
      </Stage>
      <label class="field">
        A table (CSV, NPY) or an image (PNG, JPEG, WebP)
        <input
          type="file"
          accept=".csv,.tsv,.txt,.npy,image/png,image/jpeg,image/webp"
          onChange={event => {
            const [file] = event.currentTarget.files ?? []
            if (file) void takeFile(file)
          }}
        />
      </label>
      {refusal.value && (
        <p class="problem" role="alert">
          {refusal.value}
        </p>
      )}
      {table.value && <TableChoice {...table.value} />}
      <div class="buttons">
        <button
          type="button"
          class="main"
          disabled={found === null || typeof found === 'string'}
          onClick={() => {
            if (found !== null && typeof found !== 'string') takeTarget(found.target)
          }}
        >
          Use this target
        </button>
        <button type="button" onClick={showSamples}>
          Show samples
        </button>
      </div>
    </>
  )
}

/** How a file is read. */
export function MoreOfFile() {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={lightIsInk.value}
          onChange={event => {
            lightIsInk.value = event.currentTarget.checked
          }}
        />
        Treat light pixels as data (otherwise dark is)
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={ownScales.value}
          onChange={event => {
            ownScales.value = event.currentTarget.checked
          }}
        />
        Scale each axis by itself
      </label>
    </>
  )
}
