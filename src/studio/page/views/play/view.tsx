import { type ReadonlySignal, signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { isUntouched } from '../../../plan.ts'
import type { Cloud } from '../../draw/cloud.ts'
import { colourOf, runColour } from '../../draw/colours.ts'
import { flightClouds } from '../../draw/flight.ts'
import { landing } from '../../draw/landing.ts'
import { Scene } from '../../draw/scene.tsx'
import { WAYS } from '../../draw/ways.ts'
import { drawTarget } from '../../parts/target-points.ts'
import { selected, state } from '../../state/store.ts'
import { Standing } from '../shared.tsx'
import { FlightFilm, FlightLoop } from './flight-loop.tsx'
import { Gallery } from './gallery.tsx'
import { HeldPoint } from './held-point.tsx'
import { type Flight, useFlight } from './use-flight.ts'
import { WayChoice } from './way-choice.tsx'
import './play.css'

const wantsStillness = matchMedia('(prefers-reduced-motion: reduce)')
/** Pictures of the flight where nothing may move by itself. */
const FILM = [0, 0.2, 0.4, 0.6, 0.8, 1]

/** Noise on the left, data on the right, and points that fly between them. */
export function PlayView() {
  const { play } = state.value
  const way = WAYS[play.way]
  const flight = useFlight(way)
  const clouds = useClouds(flight)
  const label = `Noise on the left flies to the data on the right in ${(flight?.way ?? way).label}${flight?.strays ? `; ${landing(flight.strays.value)} land on the data` : ''}`
  return (
    <div class="play">
      <p class="intro">
        A flow map moves random noise (left) onto data (right) in one jump. Red points miss. Drag the blue
        dot.
      </p>
      <div class="stage">
        {wantsStillness.matches ? (
          <Film clouds={clouds} label={label} />
        ) : (
          <Loop clouds={clouds} label={label} />
        )}
      </div>
      <div class="told">
        <p class="said" role="status" data-number="landing">
          {flight?.strays && flight.way === way ? (
            <>
              {way.words}, <strong>{landing(flight.strays.value)}</strong> points land on the data.{' '}
              <span class="soft">For real data, {landing(flight.strays.floor)}.</span>
            </>
          ) : (
            `${way.words} …`
          )}
        </p>
        <WayChoice name="How the points travel" />
        {!isUntouched(selected.value) && <Standing plan={selected.value} />}
      </div>
      <Gallery />
    </div>
  )
}

/** What lies still, the data and the noise, and what flies over it. */
function useClouds(flight: Flight | null): Cloud[] {
  const { target } = selected.value
  const form = JSON.stringify(target)
  const data = useMemo(() => drawTarget(target, 1000), [form])
  const still = colourOf('--target', 0.45)
  const flying = colourOf(runColour(state.value.selected), 0.65)
  const stray = colourOf('--stray', 0.95)
  return useMemo(
    () => flightClouds(data, flight, { still, flying, stray }),
    [flight, data, String([still, flying, stray])],
  )
}

const STOPS = FILM.map(part => signal(part))

interface Clouds {
  readonly clouds: readonly Cloud[]
  readonly label: string
}

const Loop = ({ clouds, label }: Clouds) => (
  <FlightLoop
    draw={progress => (
      <Stage clouds={clouds} label={label} progress={progress}>
        <HeldPoint />
      </Stage>
    )}
  />
)

const Film = ({ clouds, label }: Clouds) => (
  <FlightFilm
    stops={STOPS}
    label={label}
    draw={(progress, label, isLast) => (
      <Stage clouds={clouds} label={label} progress={progress}>
        {isLast && <HeldPoint />}
      </Stage>
    )}
  />
)

/** The middle half of a square scene. */
function Stage({
  clouds,
  label,
  progress,
  children,
}: {
  clouds: readonly Cloud[]
  label: string
  progress: ReadonlySignal<number>
  children: preact.ComponentChildren
}) {
  return (
    <div class="wide">
      <div class="square">
        <Scene clouds={clouds} label={label} progress={progress} />
        {children}
      </div>
    </div>
  )
}
