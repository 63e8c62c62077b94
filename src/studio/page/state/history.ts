import { effect } from '@preact/signals'
import { encodeState, type StudioState } from '../../state.ts'
import { readAddress } from './address.ts'
import { shared, state, update } from './store.ts'
import { replace } from './training.ts'

/** What Back and Forward return to: where one was, and not how far the trainings were. */
type Position = Pick<StudioState, 'view' | 'jump'>

/** What the browser keeps of an entry; `link` tells the states of one link from those of another. */
interface Entry {
  readonly link: string
  readonly position: Position
}

const isEntry = (kept: unknown): kept is Entry =>
  typeof kept === 'object' && kept !== null && 'link' in kept && 'position' in kept

/** Milliseconds between two changes of the address: browsers refuse more. */
const PACE = 400

const freshLink = (): string => Math.random().toString(36).slice(2)

/**
 * The address follows the state. Each view is an entry that Back and Forward go through, and a link that is followed in the
 * same page too; all other changes replace the address.
 */
export function trackHistory(): void {
  const kept = history.state
  let link = isEntry(kept) ? kept.link : freshLink()
  let written = ''
  let shown = state.value.view
  let later: ReturnType<typeof setTimeout> | undefined

  const write = (how: 'pushState' | 'replaceState'): void => {
    clearTimeout(later)
    later = undefined
    const { view, jump } = state.value
    written = encodeState(shared.value)
    const entry: Entry = { link, position: { view, jump } }
    history[how](entry, '', `#${written}`)
  }

  effect(() => {
    void shared.value
    if (state.value.view !== shown) {
      shown = state.value.view
      write('pushState')
    } else later ??= setTimeout(() => write('replaceState'), PACE)
  })

  const goTo = (position: Position): void => {
    shown = position.view
    update(position)
    write('replaceState')
  }

  const follow = (kept: unknown): void => {
    link = isEntry(kept) ? kept.link : freshLink()
    const next = readAddress()
    shown = next.state.view
    replace(next)
    write('replaceState')
  }

  addEventListener('popstate', ({ state: kept }) => {
    if (isEntry(kept) && kept.link === link) goTo(kept.position)
    else if (location.hash.slice(1) !== written) follow(kept)
  })
  // Not every browser tells of a link to another part of the same page by `popstate` too.
  addEventListener('hashchange', () => {
    if (location.hash.slice(1) !== written) follow(history.state)
  })
}
