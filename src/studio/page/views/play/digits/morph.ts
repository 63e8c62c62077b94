import { signal } from '@preact/signals'
import { state } from '../../../state/store.ts'
import { choose } from './model.ts'

/** Milliseconds for which the digits stay in sight once the noise was moved. */
const REST = 2000

/** Whether the digits are held in sight while the noise is moved. */
export const held = signal(false)
let release: ReturnType<typeof setTimeout> | undefined

/** Puts the noise at a share of the way from one to the other. */
export function putMorph(share: number): void {
  choose({ at: Math.round(1000 * Math.min(1, Math.max(0, share))) / 1000 })
  held.value = true
  clearTimeout(release)
  release = setTimeout(() => {
    held.value = false
  }, REST)
}

/** Moves it by a share. */
export const moveMorph = (by: number): void => putMorph(state.peek().digits.at + by)
