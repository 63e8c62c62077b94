import { encodeState } from '../../state.ts'
import { shared } from './store.ts'

/** The address of what the page shows. */
export const linkOf = (): string => new URL(`#${encodeState(shared.value)}`, location.href.split('#')[0]).href
