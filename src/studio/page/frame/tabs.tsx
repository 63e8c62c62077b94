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

/** Views of a room that its tabs lead to, and what each is called there. Maps of other data are in the gallery of Play. */
const WITHIN: Readonly<Record<Room, Partial<Record<ViewName, string>>>> = {
  play: { play: 'The flight', jump: NAMES.jump, steps: NAMES.steps },
  train: {},
  steer: { steer: 'Steering', edit: NAMES.edit },
  compare: { compare: 'Side by side', why: NAMES.why },
}

/** The one that stands for a view among the tabs. */
const tabOf = (view: ViewName): ViewName => (view === 'fill' ? 'steer' : view)

/** What else there is to see in the same room; Play says so itself, below what flies. */
export function RoomViews() {
  const room = roomOf(state.value.view)
  const here = tabOf(state.value.view)
  const names = WITHIN[room]
  if (here === 'play' || !(here in names)) return null
  return (
    <nav aria-label={`Views of ${NAMES[rooms[room][0]]}`}>
      <ul class="tabs within">
        {Object.entries(names).map(([view, name]) => (
          <li key={view}>
            <ViewLink view={view as ViewName} current={view === here} name={name} />
          </li>
        ))}
      </ul>
    </nav>
  )
}
