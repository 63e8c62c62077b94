import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type SpaceName, spaceConfigs } from '../../../../example/space-maps.ts'
import { landing } from '../../../draw/landing.ts'
import { WAYS } from '../../../draw/ways.ts'
import { Slider } from '../../../parts/slider.tsx'
import { state } from '../../../state/store.ts'
import { Gallery } from '../gallery.tsx'
import { WayChoice } from '../way-choice.tsx'
import type { Turn } from './drawing.ts'
import { COUNTS, flightOf, type SpaceFlight, wordsOf } from './model.ts'
import { SpaceFilm, SpaceLoop } from './stage.tsx'
import '../play.css'
import './spaces.css'

const wantsStillness = matchMedia('(prefers-reduced-motion: reduce)')

const INTRO: Readonly<Record<SpaceName, string>> = {
  sphere:
    'A flow map on the sphere: every point stays on it and flies along a geodesic. Red points miss. Drag to turn the globe.',
  torus:
    'A flow map of two angles, such as those of a protein’s backbone. Opposite edges are glued: what leaves on one side comes back on the other. Red points miss.',
  words:
    'A flow map of text: noise is a number for each letter at each position, and one jump types four letters at once. Red words are not among the eight words of the language.',
}

const DEGREE = Math.PI / 180

/** The flight of a way, and the one before it until it is known. */
function useSpaceFlight(name: SpaceName, way: number) {
  const shown = useSignal<{ readonly way: number; readonly flight: SpaceFlight } | null>(null)
  const failed = useSignal(false)
  useEffect(() => {
    let isWanted = true
    flightOf(name, way).then(
      flight => {
        if (isWanted) shown.value = { way, flight }
      },
      () => {
        failed.value = true
      },
    )
    return () => {
      isWanted = false
    }
  }, [name, way, shown, failed])
  return { shown: shown.value, failed: failed.value }
}

/** What became of the noise, in a sentence. */
function said({ share, floor, kinds }: SpaceFlight): readonly [string, string, string] {
  if (kinds) {
    const typed = ` ${kinds.found} of its ${kinds.all} words occur; a map that repeated one word would also score 100.`
    return [landing(share), ' words are in the language.', typed]
  }
  return [landing(share), ' points land on the data.', ` For real data, ${landing(floor)}.`]
}

function SpaceView({ name }: { readonly name: SpaceName }) {
  const { play } = state.value
  const way = WAYS[play.way]
  const { shown, failed } = useSpaceFlight(name, play.way)
  const turn = useSignal<Turn>({ yaw: 70 * DEGREE, pitch: 20 * DEGREE })
  const flight = shown?.flight ?? null
  const drawn = WAYS[shown?.way ?? play.way]
  const label = `Noise on the left flies to the data on the right in ${drawn.label}`
  const Stage = wantsStillness.matches ? SpaceFilm : SpaceLoop
  const typed = name === 'words' && flight ? wordsOf(flight.stops.at(-1)!) : null
  const { data, objective } = spaceConfigs[name]
  const now = shown && drawn === way ? said(shown.flight) : null
  return (
    <div class="play space">
      <p class="intro">{INTRO[name]}</p>
      <div class="stage">
        <Stage name={name} flight={flight} turn={turn} label={label} />
      </div>
      <div class="told">
        <p class="said" role="status" data-number="landing">
          {failed && 'The map could not be loaded; check the connection, then reload the page.'}
          {!failed && !now && `${way.words} …`}
          {now && (
            <>
              {way.words}, <strong>{now[0]}</strong>
              {now[1]} <span class="soft">{now[2]}</span>
            </>
          )}
        </p>
        <WayChoice name="How the points travel" />
        {name === 'sphere' && <TurnSlider turn={turn} />}
      </div>
      {name === 'words' && !typed && (
        <ul class="typed" aria-hidden="true">
          {Array.from({ length: COUNTS.words }, (_, i) => (
            <li key={i}>…</li>
          ))}
        </ul>
      )}
      {typed && (
        <ul class="typed" aria-label="Words typed">
          {typed.map(({ word, isValid }, i) => (
            <li key={i} class={isValid ? '' : 'off'}>
              <span aria-hidden="true">{isValid ? '✓ ' : '✗ '}</span>
              {word}
              {!isValid && <span class="hidden-but-read"> is not in the language</span>}
            </li>
          ))}
        </ul>
      )}
      <Gallery />
      <p class="soft">
        This map is pretrained. Train from scratch on the command line:{' '}
        <code>
          oxbow train --data {String(data)} --objective {String(objective)}
        </code>
      </p>
    </div>
  )
}

/** By itself, since it alone is rendered while the globe turns. */
function TurnSlider({ turn }: { readonly turn: { value: Turn } }) {
  const { yaw } = turn.value
  const degrees = Math.round(yaw / DEGREE)
  const around = degrees - 360 * Math.round(degrees / 360)
  return (
    <Slider
      name="Turn"
      value={around}
      min={-180}
      max={180}
      step={5}
      text={`${around}°`}
      onChange={value => {
        turn.value = { ...turn.value, yaw: value * DEGREE }
      }}
    />
  )
}

export const SphereView = () => <SpaceView name="sphere" />
export const TorusView = () => <SpaceView name="torus" />
export const WordsView = () => <SpaceView name="words" />
