import { type Room, roomOf, rooms, type ViewName } from '../../state.ts'
import { state, update } from '../state/store.ts'
import '../styles/tabs.css'

export const NAMES: Readonly<Record<ViewName, string>> = {
  play: 'Play',
  jump: 'One jump',
  steps: 'More steps',
  digits: 'Digits',
  sphere: 'Sphere',
  torus: 'Torus',
  words: 'Words',
  train: 'Train',
  steer: 'Steer',
  fill: 'Steer digits',
  edit: 'Invert and edit',
  compare: 'Compare',
  why: 'Why does it fail?',
}

function ViewLink({ view, current, name }: { view: ViewName; current: boolean; name: string }) {
  return (
    <a
      href={`#${view}`}
      aria-current={current ? 'page' : undefined}
      onClick={event => {
        event.preventDefault()
        update({ view })
      }}
    >
      {name}
    </a>
  )
}

/** What is done in the page. */
export function Tabs() {
  const here = roomOf(state.value.view)
  return (
    <nav aria-label="Views">
      <ul class="tabs">
        {(Object.keys(rooms) as Room[]).map(room => {
          const [first] = rooms[room]
          return (
            <li key={room}>
              <ViewLink view={first} current={room === here} name={NAMES[first]} />
            </li>
          )
        })}
      </ul>
    </nav>
  )
}

/** What else there is to see in the same room; Play says so itself, below what flies. */
export function RoomViews() {
  const { view } = state.value
  const room = roomOf(view)
  if (view === 'play' || rooms[room].length === 1) return null
  return (
    <nav aria-label={`Views of ${NAMES[rooms[room][0]]}`}>
      <ul class="tabs within">
        {rooms[room].map(each => (
          <li key={each}>
            <ViewLink view={each} current={each === view} name={each === room ? FIRST[room] : NAMES[each]} />
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** What a room's first view is called among the others. */
const FIRST: Readonly<Record<Room, string>> = {
  play: 'The flight',
  train: 'Training',
  steer: 'Steering',
  compare: 'Side by side',
}
