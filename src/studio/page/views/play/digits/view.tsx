import { useEffect, useMemo } from 'preact/hooks'
import { drawNoise } from '../../../../../sampler/sampler.ts'
import { WAYS } from '../../../draw/ways.ts'
import { ClassChips } from '../../../parts/class-chips.tsx'
import { Slider } from '../../../parts/slider.tsx'
import { Unfolded } from '../../../parts/unfolded.tsx'
import { state } from '../../../state/store.ts'
import { Gallery } from '../gallery.tsx'
import { WayChoice } from '../way-choice.tsx'
import { useReading } from './classifier.ts'
import { SIDE } from './drawing.ts'
import {
  choose,
  chosen,
  dimensionOf,
  drawShipped,
  model,
  modelProblem,
  newSeed,
  type OpenedModel,
} from './model.ts'
import { MorphBar } from './morph-bar.tsx'
import { SheetSection } from './sheet.tsx'
import { slerp } from './slerp.ts'
import { DigitFilm, DigitLoop } from './stage.tsx'
import { StepsSection } from './steps.tsx'
import { TrainingSection } from './training.tsx'
import { type DigitFlight, useDigitFlight } from './use-digit-flight.ts'
import '../play.css'
import './digits.css'

const wantsStillness = matchMedia('(prefers-reduced-motion: reduce)')

/** Digits on the stage. */
const COUNT = SIDE * SIDE

/** Sixteen noises on the left, and the digits that they become on the right. */
export function DigitsView() {
  useEffect(() => {
    if (!model.value) void drawShipped()
  }, [])
  const now = model.value
  return (
    <div class="play digits">
      <p class="intro">
        A flow map turns noise (left) into digits (right) in one jump. Drag across them to change the noise.
      </p>
      {now ? (
        <Stage key={now.key} model={now} />
      ) : (
        <>
          <div class="stage">
            <div class="digit-stage" />
            {!wantsStillness.matches && (
              <button type="button" class="pause" disabled>
                Pause
              </button>
            )}
          </div>
          <div class="told">
            <p class="said" role="status">
              {modelProblem.value ?? 'Loading the digits model'}
            </p>
            <WayChoice name="How noise becomes digits" />
          </div>
        </>
      )}
      <Gallery />
      {now && (
        <Unfolded summary="More">
          {() => (
            <div class="more-digits">
              <Facts model={now} />
              <StepsSection model={now} />
              <SheetSection model={now} />
              <TrainingSection />
            </div>
          )}
        </Unfolded>
      )}
    </div>
  )
}

/** Rows of noise `[COUNT, D]` between two others, each on its own arc. */
function between(from: Float32Array, to: Float32Array, share: number, dimension: number): Float32Array {
  const all = new Float32Array(from.length)
  for (let at = 0; at < from.length; at += dimension) {
    const row = (noise: Float32Array) => noise.subarray(at, at + dimension)
    all.set(slerp(row(from), row(to), share), at)
  }
  return all
}

/** What flies, and the few things that change it. */
function Stage({ model }: { model: OpenedModel }) {
  const { key, traits } = model
  const { play, digits } = state.value
  const { seed, to, at } = digits
  const way = WAYS[play.way]
  const { class: place, scale } = chosen(traits)
  const dimension = dimensionOf(traits)
  const ends = useMemo(
    () => [drawNoise(COUNT, dimension, seed), drawNoise(COUNT, dimension, to)] as const,
    [dimension, seed, to],
  )
  const noise = useMemo(() => between(...ends, at, dimension), [ends, at, dimension])
  const many = traits.classes.length
  const classes = many === 0 ? null : Array.from({ length: COUNT }, (_, i) => place ?? i % many)
  const { flight, error } = useDigitFlight({ model: key, noise, classes, scale }, way)
  const read = useReading(flight?.classes ? flight.path.at(-1)! : null)
  const misread = useMemo(() => read?.map((each, i) => each !== flight!.classes![i]) ?? null, [read, flight])
  const names = classes?.map(each => traits.classes[each]).join(' ') ?? ''
  const label = `Noise on the left becomes digits on the right in ${(flight?.way ?? way).label}${names && `: ${names}`}`
  const Flight = wantsStillness.matches ? DigitFilm : DigitLoop
  return (
    <>
      <div class="stage">
        <Flight flight={flight} shape={traits.shape} misread={misread} label={label} />
      </div>
      <div class="told">
        <p class="said" role="status" data-number="landing">
          {error ?? <Said words={way.words} flight={flight?.way === way ? flight : null} misread={misread} />}
        </p>
        <WayChoice name="How noise becomes digits" />
        <MorphBar model={model} ends={ends} />
        {many > 0 && (
          <ClassChips
            names={traits.classes}
            value={place}
            withAll
            onChange={each => choose({ class: each })}
          />
        )}
        <div class="choices">
          {traits.scales && (
            <Slider
              name="Guidance"
              value={scale!}
              min={traits.scales[0]}
              max={traits.scales[1]}
              step={0.1}
              onChange={value => choose({ scale: value })}
            />
          )}
          <button type="button" onClick={() => choose({ seed: newSeed(), to: newSeed(), at: 0 })}>
            New noise
          </button>
        </div>
      </div>
    </>
  )
}

/** How many digits are read as what they were told to be. */
function Said({
  words,
  flight,
  misread,
}: {
  words: string
  flight: DigitFlight | null
  misread: readonly boolean[] | null
}) {
  if (!flight) return <>{words} …</>
  if (!misread)
    return (
      <>
        {words}, {COUNT} noise images become {COUNT} digits.
      </>
    )
  const right = misread.filter(each => !each).length
  return (
    <>
      {words},{' '}
      <strong>
        {right} of {COUNT}
      </strong>{' '}
      are read as the digit asked for.{' '}
      <span class="soft">
        A small classifier reads them.{right < COUNT && ' Red frames: read as another digit.'}
      </span>
    </>
  )
}

/** What draws. */
function Facts({ model: { name, shipped, traits } }: { model: OpenedModel }) {
  const { baked, data, objective, parameters } = traits
  return (
    <>
      <p class="soft">
        Model: {name}, a transformer of {(parameters / 1e6).toFixed(2)} million parameters, trained by{' '}
        {objective} on {data}
        {baked === null ? '' : ` at guidance ${baked}`}. Guidance makes each digit more typical of its class,
        but reduces variety.
      </p>
      {!shipped && (
        <div class="buttons">
          <button type="button" onClick={drawShipped}>
            Back to the page’s model
          </button>
        </div>
      )}
    </>
  )
}
