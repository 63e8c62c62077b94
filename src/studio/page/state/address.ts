import { decodeState, initialState, readView, type StudioState } from '../../state.ts'

/** What an address says, or why it says nothing. */
export interface Read {
  readonly state: StudioState
  readonly problem: string | null
}

/** What the page shows without a link. */
export const firstState: Read = { state: initialState, problem: null }

/** The state in the page's address; the name of a view is one too, with a slash before it or without. */
export function readAddress(): Read {
  const text = location.hash.replace(/^#\/?/, '')
  if (text === '') return firstState
  const view = readView(text)
  if (view) return { state: { ...initialState, view }, problem: null }
  try {
    return { state: decodeState(text), problem: null }
  } catch (error) {
    return { state: initialState, problem: (error as Error).message }
  }
}
