import { effect } from '@preact/signals'
import { encodeState, type StudioState } from '../../state.ts'
import { readAddress } from './address.ts'
import { replace, shared, state, update } from './store.ts'

/** What Back and Forward return to: where one was, and not how far the trainings were. */
type Place = Pick<StudioState, 'view' | 'tour' | 'jump'>

/** What the browser keeps of an entry; `link` tells the states of one link from those of another. */
interface Entry {
  readonly link: string
  readonly place: Place
}

const isEntry = (kept: unknown): kept is Entry =>
  typeof kept === 'object' && kept !== null && 'link' in kept && 'place' in kept

/** Milliseconds between two changes of the address: browsers refuse more. */
const PACE = 400

const nameOf = ({ view, tour }: Place): string => `${view} ${tour}`
const freshLink = (): string => Math.random().toString(36).slice(2)

/**
 * The address follows the state. Each view is a step that Back and Forward walk over, and a link that is followed in the
 * same page too; all other changes replace the address.
 */
export function walk(): void {
  const kept = history.state
  let link = isEntry(kept) ? kept.link : freshLink()
  let written = ''
  let shown = nameOf(state.value)
  let later: ReturnType<typeof setTimeout> | undefined

  const write = (how: 'pushState' | 'replaceState'): void => {
    clearTimeout(later)
    later = undefined
    const { view, tour, jump } = state.value
    written = encodeState(shared.value)
    const entry: Entry = { link, place: { view, tour, jump } }
    history[how](entry, '', `#${written}`)
  }

  effect(() => {
    void shared.value
    if (nameOf(state.value) !== shown) {
      shown = nameOf(state.value)
      write('pushState')
    } else later ??= setTimeout(() => write('replaceState'), PACE)
  })

  const goTo = (place: Place): void => {
    shown = nameOf(place)
    update(place)
    write('replaceState')
  }

  const follow = (kept: unknown): void => {
    link = isEntry(kept) ? kept.link : freshLink()
    const next = readAddress()
    shown = nameOf(next.state)
    replace(next)
    write('replaceState')
  }

  addEventListener('popstate', ({ state: kept }) => {
    if (isEntry(kept) && kept.link === link) goTo(kept.place)
    else if (location.hash.slice(1) !== written) follow(kept)
  })
  // Not every browser tells of a link to another part of the same page by `popstate` too.
  addEventListener('hashchange', () => {
    if (location.hash.slice(1) !== written) follow(history.state)
  })
}
