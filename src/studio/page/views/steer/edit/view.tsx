import { useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { ChoiceError, chooseInversion, whyNotRenoised } from '../../../../../steering/choices.ts'
import type { InversionName } from '../../../../../steering/names.ts'
import { fileOfPlan, trainedObjective } from '../../../../plan.ts'
import { colourOf } from '../../../draw/colours.ts'
import { landing } from '../../../draw/landing.ts'
import { shortNumber } from '../../../draw/number.ts'
import { Scene, through } from '../../../draw/scene.tsx'
import { splitStrays } from '../../../draw/strays.ts'
import { Mark } from '../../../parts/run-mark.tsx'
import { runName } from '../../../parts/run-name.ts'
import { Slider } from '../../../parts/slider.tsx'
import { engine, state, update } from '../../../state/store.ts'
import { useAnswer } from '../../../state/use-answer.ts'
import { newSeed } from '../../play/digits/model.ts'
import { Key, rootMeanSquare } from '../../shared.tsx'
import { Ways } from '../method.tsx'
import { onPlane, Placer } from '../placer.tsx'
import '../results.css'
import './edit.css'

type Edit = typeof state.value.edit
const change = (part: Partial<Edit>): void => update({ edit: { ...state.value.edit, ...part } })
const place = (x: number, y: number): void => change({ point: onPlane(x, y) })

/** Edits that are shown. */
const EDITS = 1000
const noiseCloud = drawNoise(2000, 2, 0)
/** Times of the path up, rising. */
const TIMES = Array.from({ length: 41 }, (_, i) => i / 40)

const inversions = [
  {
    id: 'heun',
    name: 'Velocity',
    is: 'Follows the map’s velocity back to noise, in 64 Heun steps.',
    wrong: 'The jump back misses the point by as much as jumps and velocity differ.',
  },
  {
    id: 'newton',
    name: 'Inverse jump',
    is: 'Finds the noise that one jump takes to the point, with Newton’s method.',
    wrong: 'There may be several solutions, or none if the map never lands there.',
  },
  {
    id: 'jump',
    name: 'Jump up',
    is: 'One jump from data to noise.',
    wrong: 'Only for maps trained in both directions.',
  },
] as const

/** How the selected run's data go to noise; or why not so, in a line. */
function chosenInversion(): { readonly method: InversionName; readonly refused?: string } {
  const { runs, selected, edit } = state.value
  const plan = runs[selected]
  const hasVelocity = fileOfPlan(plan)?.format !== 'onnx'
  try {
    return { method: chooseInversion(trainedObjective(plan), hasVelocity, edit.method ?? undefined) }
  } catch (error) {
    if (!(error instanceof ChoiceError)) throw error
    return { method: edit.method!, refused: `${error.reason}.` }
  }
}

/** What is asked of the selected run about the point. */
function useEdited() {
  const { edit, weights, runs, selected } = state.value
  const { point, tau, seed } = edit
  const [x, y] = point
  const points = useMemo(() => Float32Array.of(x, y), [x, y])
  const { method, refused } = chosenInversion()
  const why = whyNotRenoised(trainedObjective(runs[selected]), tau)
  const isThere = engine.value !== null
  const at = `${x} ${y} ${weights}`
  return {
    method,
    refused,
    why: why && `${why}.`,
    inverted: useAnswer(
      'invert',
      `${at} ${method}`,
      isThere && !refused ? { points, method, weights } : null,
    ),
    path: useAnswer('path', `up ${at}`, isThere ? { points, times: TIMES, weights } : null),
    edits: useAnswer(
      'edit',
      `${at} ${tau} ${seed}`,
      isThere && !why ? { points, tau, count: EDITS, seed, weights } : null,
    ),
  }
}

type Edited = ReturnType<typeof useEdited>

/** What was found of the point, in words. */
function Found({ inverted, edits, refused, why, method }: Edited) {
  const { point, tau } = state.value.edit
  const answer = refused || inverted.error ? null : inverted.answer
  const own = Float32Array.from(point)
  const gone = refused ?? inverted.error
  const noEdits = why ?? edits.error
  const cloud = noEdits ? null : edits.answer
  const all = useMemo(() => cloud && Float32Array.from(cloud.points, (_, i) => point[i % 2]), [cloud, point])
  const name = inversions.find(({ id }) => id === method)?.name ?? method
  return (
    <div class="gap" role="status">
      <p>
        {gone
          ? `Not inverted: ${gone}`
          : answer
            ? answer.missed > 0
              ? `No noise was found that one jump takes to the point; the nearest lands ${shortNumber(rootMeanSquare(answer.back, own))} from it.`
              : `Its noise is (${answer.noise[0].toFixed(2)}, ${answer.noise[1].toFixed(2)}), by ${name.toLowerCase()}; the map takes that back to ${shortNumber(rootMeanSquare(answer.back, own))} from the point.`
            : 'Inverting …'}
      </p>
      <p>
        {noEdits
          ? `Not edited: ${noEdits}`
          : cloud && all
            ? `With noise up to ${tau} and back, ${EDITS.toLocaleString('en')} edits are ${shortNumber(rootMeanSquare(cloud.points, all))} from the point (root mean square)${cloud.marks ? `, ${landing(cloud.marks.reduce((sum, mark) => sum + mark, 0) / cloud.marks.length)} on the data` : ''}.`
            : 'Editing …'}
      </p>
    </div>
  )
}

/** The data with the point that is dragged, where its noise leads back, and what it may become. */
function DataSide({ inverted, edits, refused, why }: Edited) {
  const { edit, selected } = state.value
  const { point, tau } = edit
  const [x, y] = point
  const data = useAnswer('target', 'reward', { count: 4000, seed: 0 }, 'target').answer
  const cloud = why || edits.error ? null : edits.answer
  const token = `--run-${selected}`
  const clouds = useMemo(
    () => [
      ...(data ? [{ points: data, colour: colourOf('--target', 0.25), size: 3 }] : []),
      ...(cloud
        ? splitStrays(
            { points: cloud.points, colour: colourOf(token, 0.55), size: 3 },
            cloud.marks ?? undefined,
          )
        : []),
    ],
    [data, cloud, token],
  )
  const back = refused || inverted.error ? undefined : inverted.answer?.back
  return (
    <figure>
      <figcaption>Data: drag the point</figcaption>
      <Placer at={point} put={place} label={`The data point at ${x} across, ${y} up`}>
        <Scene clouds={clouds} label="The data, with a point, its edits, and where its noise leads back">
          {back && (
            <g class="followed">
              <polyline
                class="gap"
                points={through([
                  [x, -y],
                  [back[0], -back[1]],
                ])}
              />
              <circle class="landed" cx={back[0]} cy={-back[1]} r={0.1} />
            </g>
          )}
        </Scene>
      </Placer>
      <Slider
        name="Noise up to"
        value={tau}
        min={0.05}
        max={1}
        step={0.05}
        onChange={tau => change({ tau })}
      />
    </figure>
  )
}

/** Noise, with that of the point and the way up to it. */
function NoiseSide({ inverted, path, refused }: Edited) {
  const { point } = state.value.edit
  const noise = refused || inverted.error ? undefined : inverted.answer?.noise
  const clouds = useMemo(() => [{ points: noiseCloud, colour: colourOf('--target', 0.4), size: 3 }], [])
  const way = path.answer?.points
  return (
    <figure>
      <figcaption>Its noise</figcaption>
      <Scene clouds={clouds} label="Noise, with that of the point and the path that leads up to it">
        <g class="followed">
          {way && <polyline class="path" points={through(way.map(([x, y]) => [x, -y]))} />}
          <circle class="from" cx={point[0]} cy={-point[1]} r={0.1} />
          {noise && <circle class="landed" cx={noise[0]} cy={-noise[1]} r={0.13} />}
        </g>
      </Scene>
    </figure>
  )
}

export function EditView() {
  const { edit, runs, selected } = state.value
  const [x, y] = edit.point
  const edited = useEdited()
  const { path } = edited
  return (
    <section class="columns" aria-labelledby="edit-heading">
      <div class="panel">
        <h3 id="edit-heading">Invert and edit a point</h3>
        <div class="buttons">
          <button type="button" onClick={() => change({ seed: newSeed() })}>
            New noise
          </button>
        </div>
        <details class="more">
          <summary>More</summary>
          <Slider name="Point x" value={x} min={-4} max={4} step={0.1} onChange={value => place(value, y)} />
          <Slider name="Point y" value={y} min={-4} max={4} step={0.1} onChange={value => place(x, value)} />
          <Ways
            name="Noise by"
            ways={inversions}
            value={edited.method}
            onChange={method => change({ method })}
          />
          <div class="buttons">
            <button type="button" disabled={edit.method === null} onClick={() => change({ method: null })}>
              Default method
            </button>
          </div>
        </details>
        <p class="soft">
          Every data point comes from one noise point: inverting the flow finds it. An edit adds fresh noise
          up to a time and jumps back to the data: with little noise, it lands near the point; with full
          noise, anywhere on the data.
        </p>
        <p class="soft">
          After <a href="https://arxiv.org/abs/2108.01073">Meng et al. 2022</a> (SDEdit), with one jump back.
        </p>
      </div>
      <div class="results">
        <div class="pictures">
          <DataSide {...edited} />
          <NoiseSide {...edited} />
        </div>
        <Found {...edited} />
        <ul class="keys">
          <Key look={<span class="look own" />}>
            edits of the point; the ring is where its noise leads back
          </Key>
          <Key look={<span class="look path" />}>
            the {path.answer?.exact ? 'exact' : 'learnt'} path from the point up to noise
          </Key>
        </ul>
        <p class="soft">
          <Mark at={selected} /> Run {selected + 1}: {runName(runs[selected])}
          {engine.value ? '' : '; waits for the runtime'}. <span class="key of-strays">off the data</span>
        </p>
      </div>
    </section>
  )
}
