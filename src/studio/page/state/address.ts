import { decodeState, initialState, type StudioState, type ViewName, views } from '../../state.ts'

/** What an address says, or why it says nothing. */
export interface Read {
  readonly state: StudioState
  readonly problem: string | null
}

/** What the page shows without a link. */
export const firstState: Read = { state: initialState, problem: null }

/** The state in the page's address; the name of a view is one too. */
export function readAddress(): Read {
  const text = location.hash.slice(1)
  if (text === '') return firstState
  if ((views as readonly string[]).includes(text))
    return { state: { ...initialState, view: text as ViewName }, problem: null }
  try {
    return { state: decodeState(text), problem: null }
  } catch (error) {
    return { state: initialState, problem: (error as Error).message }
  }
}
