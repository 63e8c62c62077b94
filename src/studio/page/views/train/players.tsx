import { useMemo } from 'preact/hooks'
import { titled } from '../../../loss-formula.ts'
import { type PlayerShown, playersShown } from '../../../players.ts'
import { short, useConfig } from '../../parts/loss-terms.tsx'
import { Slider } from '../../parts/slider.tsx'
import { selectedLive } from '../../state/store.ts'
import { pausePlayers } from '../../state/training.ts'
import { driftShown, useMover } from './drift.tsx'
import { judge, noiseLevel } from './field.tsx'
import './players.css'

const words = (name: string): string => name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)

/** The last numbers of some losses and measures; one loss alone needs no name. */
function Latest({ losses, measures }: Pick<PlayerShown, 'losses' | 'measures'>) {
  const latest = selectedLive.value?.latest ?? {}
  const named = [
    ...losses.map(name => [name, losses.length === 1 ? 'loss' : words(name)] as const),
    ...measures.map(name => [name, words(name)] as const),
  ].filter(([name]) => latest[name] !== undefined)
  if (named.length === 0) return null
  return (
    <dl class="latest">
      {named.map(([name, text]) => (
        <div key={name}>
          <dt>{text}</dt>
          <dd data-number={name}>{short(latest[name])}</dd>
        </div>
      ))}
    </dl>
  )
}

/** What the player says, over the stage. */
function FieldChoice({ name }: { name: string }) {
  const shown = judge.value === name
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={shown}
          onChange={event => {
            judge.value = event.currentTarget.checked ? name : null
          }}
        />
        Show what the {name} says
      </label>
      {shown && (
        <Slider
          name="Noise level r"
          min={0}
          max={1}
          step={0.05}
          value={noiseLevel.value}
          text={noiseLevel.value.toFixed(2)}
          onChange={value => {
            noiseLevel.value = value
          }}
        />
      )}
    </>
  )
}

function PlayerItem({ player, alone }: { player: PlayerShown; alone: boolean }) {
  const { name, title, learns, says, turns } = player
  const live = selectedLive.value
  const paused = live?.paused ?? []
  const isPaused = paused.includes(name)
  const act = isPaused ? 'Continue' : 'Pause'
  return (
    <li data-player={name}>
      <div class="head">
        <h3>{titled(title)}</h3>
        <button
          type="button"
          aria-label={`${act} the ${title}`}
          disabled={live?.ended !== false || (alone && !isPaused)}
          onClick={() => pausePlayers(isPaused ? paused.filter(other => other !== name) : [...paused, name])}
        >
          {act}
        </button>
      </div>
      <p class="soft">
        Learns {learns}. {isPaused ? 'Paused' : turns === 1 ? '1 turn per round' : `${turns} turns per round`}
        .
      </p>
      <Latest {...player} />
      {says && <FieldChoice name={name} />}
    </li>
  )
}

/** Where a training moves samples, over the stage. */
function DriftChoice({ says, measures }: { says: string; measures: readonly string[] }) {
  return (
    <section class="panel" aria-label="Drift">
      <h2>Drift</h2>
      <p class="soft">
        {says} Arrows have their own scale
        {measures.length > 0 ? ', and the number falls as samples approach the data' : ''}.
      </p>
      <Latest losses={[]} measures={measures} />
      <label class="check">
        <input
          type="checkbox"
          checked={driftShown.value}
          onChange={event => {
            driftShown.value = event.currentTarget.checked
          }}
        />
        Show the drift as arrows
      </label>
    </section>
  )
}

function PlayerList({ players }: { players: readonly PlayerShown[] }) {
  const training = players.filter(({ name }) => !selectedLive.value?.paused.includes(name))
  return (
    <section class="panel" aria-label="Players">
      <h2>Players</h2>
      <ul>
        {players.map(player => (
          <PlayerItem key={player.name} player={player} alone={training.length === 1} />
        ))}
      </ul>
    </section>
  )
}

/** Who trains beside the map, and what moves its samples: nothing where the map trains alone. */
export function Players() {
  const config = useConfig()
  const players = useMemo(() => playersShown(config), [config])
  const mover = useMover()
  if (players.length === 0 && !mover) return null
  // Who is listed has the measures already.
  const measures = players.length > 0 ? [] : (mover?.measures ?? [])
  return (
    <div class="panel players">
      {players.length > 0 && <PlayerList players={players} />}
      {mover && <DriftChoice says={mover.says} measures={measures} />}
    </div>
  )
}
