import { planeDatasets } from '../../../data/built-in.ts'
import { selected } from '../state/store.ts'
import { begin, making } from './choose.ts'
import { fewPoints, shortName } from './target-points.ts'
import { Thumbnail } from './thumbnail.tsx'
import './targets.css'

const pictures = Object.keys(planeDatasets).map(name => ({ name, points: fewPoints(name) }))

/** A sign in the place of a picture. */
function Sign({ path }: { path: string }) {
  return (
    <svg class="thumbnail" viewBox="0 0 24 24" width="64" height="64" aria-hidden="true">
      <path d={path} fill="none" stroke="currentColor" stroke-width="1" stroke-linecap="round" />
    </svg>
  )
}

const BRUSH = 'M5 19c3 1 5-1 5-3M8 15 17 5l2 2-9 10'
const FILE = 'M7 4h7l4 4v12H7zM14 4v4h4M10 13h5M10 16h5'

/** What is trained on: a built-in dataset, or a drawing or a file, which are made on the stage; there again if chosen again. */
export function TargetPicker() {
  const { target } = selected.value
  const own = target.kind === 'built-in' ? target.name : target.kind === 'density' ? 'drawing' : 'file'
  const chosen = making.value ?? own
  const tile = (value: string, title: string, picture: preact.JSX.Element, choose: () => void) => (
    <label key={value} class="tile">
      <input type="radio" name="target" value={value} checked={chosen === value} onClick={choose} />
      {picture}
      <span>{title}</span>
    </label>
  )
  return (
    <fieldset class="targets">
      <legend>Target</legend>
      <div class="tiles">
        {pictures.map(({ name, points }) =>
          tile(name, shortName(name), <Thumbnail points={points} />, () => {
            making.value = null
            if (name !== own) begin({ target: { kind: 'built-in', name } })
          }),
        )}
        {tile('drawing', 'draw', <Sign path={BRUSH} />, () => {
          making.value = 'drawing'
        })}
        {tile('file', 'upload', <Sign path={FILE} />, () => {
          making.value = 'file'
        })}
      </div>
    </fieldset>
  )
}
