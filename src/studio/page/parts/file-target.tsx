import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { Columns } from '../../target/columns.ts'
import { FILLED, type FilePoints, pointsTarget } from '../../target/points.ts'
import { making, takeTarget } from './choose.ts'
import { openTargetFile } from './open-file.ts'
import { replaceDrawing } from './painter.tsx'
import { drawTarget } from './target-points.ts'
import { Thumbnail } from './thumbnail.tsx'
import './making.css'

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
  const holes = skipped > 0 ? ` ${counted(skipped)} rows without two numbers are left out.` : ''
  const far = outliers.flatMap((value, i) =>
    value === undefined ? [] : [` ${'xy'[i]} ${number(value)} is an outlier that sets the scale.`],
  )
  const index = leftOut.map(name => ` Column ${name} is left out: it is the index of a data frame.`)
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

function TableChoice({ file, columns }: Table) {
  const made = useMemo((): FilePoints | string => {
    try {
      return pointsTarget(columns, chosen.value, ownScales.value, file)
    } catch (error) {
      return (error as Error).message
    }
  }, [columns, chosen.value, ownScales.value])
  const points = useMemo(
    () => (typeof made === 'string' ? () => new Float32Array() : () => drawTarget(made.target, 2000)),
    [made],
  )
  return (
    <>
      <p>{file}</p>
      <div class="pair">
        <ColumnChoice axis={0} name="x" names={columns.names} />
        <ColumnChoice axis={1} name="y" names={columns.names} />
      </div>
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
      <Thumbnail points={points} side={160} />
      <p class="soft" role="status">
        {typeof made === 'string' ? made : account(made, columns.leftOut ?? [])}
      </p>
      <div class="buttons">
        <button
          type="button"
          class="main"
          disabled={typeof made === 'string'}
          onClick={() => {
            if (typeof made === 'string') return
            takeTarget(made.target)
          }}
        >
          Use this target
        </button>
      </div>
    </>
  )
}

/** Where a target is taken from a file. */
export function FileTarget() {
  return (
    <div class="panel making">
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
      <p class="soft">Or drop it anywhere on the page. The file stays in your browser.</p>
      {busy.value && <p role="status">Reading the file</p>}
      {refusal.value && (
        <p class="problem" role="alert">
          {refusal.value}
        </p>
      )}
      {table.value && <TableChoice {...table.value} />}
    </div>
  )
}
