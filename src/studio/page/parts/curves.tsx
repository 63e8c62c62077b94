import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Stage } from '../../plan.ts'
import { lazyChunk } from '../connection/lazy-chunks.ts'
import type { CurvePoint } from '../state/learning-curve.ts'
import type { Live } from '../state/run.ts'
import { selected, selectedLive } from '../state/store.ts'
import type { Change, drawDistance, drawLosses } from './curves-plot.ts'
import { short, useFormula } from './loss-terms.tsx'
import './curves.css'

interface Plots {
  readonly drawLosses: typeof drawLosses
  readonly drawDistance: typeof drawDistance
}

/** The plotting library, which comes with the first curve. */
const plots = signal<Plots | null>(null)
const plotter = lazyChunk(() => import('./curves-plot.ts'))
let asked = false

async function load(): Promise<void> {
  if (asked) return
  asked = true
  try {
    plots.value = await plotter()
  } catch {
    asked = false
  }
}

/** Part of the time that the drawing of a plot may take. */
const SHARE = 0.04

/** A plot in a frame whose space is kept; it is drawn anew when what it shows changes, less often where that takes long. */
function Plot({ draw, shows }: { draw: ((width: number) => Element) | null; shows: readonly unknown[] }) {
  const frame = useRef<HTMLDivElement>(null)
  const next = useRef(0)
  useEffect(() => {
    if (!draw) return frame.current!.replaceChildren()
    // By itself, so that no frame waits for the samples and for it.
    const due = setTimeout(
      () => {
        const begun = performance.now()
        frame.current!.replaceChildren(draw(frame.current!.clientWidth))
        const ended = performance.now()
        next.current = ended + (ended - begun) / SHARE
      },
      Math.max(0, next.current - performance.now()),
    )
    return () => clearTimeout(due)
  }, [Boolean(draw), ...shows])
  return <div ref={frame} class="plot" aria-hidden="true" />
}

function Table({ curve, terms }: { curve: readonly CurvePoint[]; terms: readonly string[] }) {
  const measured = curve.filter(({ distance }) => distance !== null)
  const points = measured.length > 0 ? measured : curve
  const every = Math.max(1, Math.ceil(points.length / 20))
  const rows = points.filter((_, i) => (points.length - 1 - i) % every === 0)
  return (
    <details class="numbers">
      <summary>The curves as a table</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keyboard too */}
      <section class="scrolls" tabIndex={0} aria-label="Numbers of the curves">
        <table>
          <thead>
            <tr>
              <th scope="col">Step</th>
              {terms.map(name => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col">Distance</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ step, terms: values, distance }) => (
              <tr key={step}>
                <td>{step.toLocaleString('en')}</td>
                {terms.map(name => (
                  <td key={name}>{values[name] === undefined ? '' : short(values[name])}</td>
                ))}
                <td>{distance === null ? '' : distance.toFixed(3)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  )
}

/** Where stages began, and what each changed. */
function changesOf(stages: readonly Stage[]): Change[] {
  let step = 0
  return stages.slice(1).map(({ objective, keep }, i) => {
    step += stages[i].steps
    const isOther = objective !== stages[i].objective
    return { step, name: isOther ? objective : null, breaks: isOther || !keep }
  })
}

const EMPTY: Pick<Live, 'curve' | 'distance'> = { curve: [], distance: null }

/** How the loss and the quality of the samples went. */
export function Curves() {
  const { curve, distance } = selectedLive.value ?? EMPTY
  const terms = useFormula().terms.map(({ term }) => term)
  const changes = changesOf(selected.value.stages)
  const some = curve.length > 1
  useEffect(() => {
    if (some) void load()
  }, [some])
  const library = some ? plots.value : null
  return (
    <section class="panel curves" aria-label="Curves">
      <figure>
        <h3>Loss of each term</h3>
        <Plot
          draw={library && (width => library.drawLosses(curve, terms, changes, width))}
          shows={[curve, terms.join()]}
        />
      </figure>
      <figure>
        <h3>Distance to the target in one jump</h3>
        <Plot
          draw={library && (width => library.drawDistance(curve, distance, changes, width))}
          shows={[curve]}
        />
        <figcaption>
          Sliced Wasserstein distance. Lower is better, down to the grey band: the floor, which is the score
          of fresh data.
        </figcaption>
      </figure>
      {some && <Table curve={curve} terms={terms} />}
    </section>
  )
}
