import type { ViewName } from '../../../src/studio/state.ts'

/** A word of each view that is only there when it is. */
export const SHOWN = {
  play: 'Draw your own',
  train: 'How to train',
  jump: 's, where the jump begins',
  steps: 'on its velocity',
  why: 'velocity',
  compare: 'Samples from the same noise',
  steer: 'The exact law',
  fill: 'Digit from',
  edit: 'Noise up to',
  digits: 'How noise becomes digits',
  sphere: 'Drag to turn the globe',
  torus: 'Opposite edges are glued',
  words: 'one jump types four letters',
} as const

/** The links that lead to a view which is not the first of its room. */
const WITHIN: { readonly [view in ViewName]?: readonly ViewName[] } = {
  jump: ['play', 'jump'],
  steps: ['play', 'jump', 'steps'],
  digits: ['play', 'digits'],
  sphere: ['play', 'sphere'],
  torus: ['play', 'torus'],
  words: ['play', 'words'],
  why: ['compare', 'why'],
  edit: ['steer', 'edit'],
}

/** The links that lead to a view from any other, by their selectors. */
export function linksTo(view: ViewName): string[] {
  // What is wanted, and of what, is chosen in the inspector.
  if (view === 'fill') return [...linksTo('steer'), '.wants button:last-child', '.wants-of button:last-child']
  const [room, ...within] = WITHIN[view] ?? [view]
  return [`.bar nav a[href="#${room}"]`, ...within.map(each => `main a[href="#${each}"]`)]
}

interface Finding {
  readonly id: string
  readonly impact: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** Where axe is loaded, what it finds. */
export const AUDIT = 'axe.run().then(({ violations }) => violations)'

/** What axe finds that keeps people out, in words. */
export const serious = (found: unknown): string[] =>
  (found as Finding[])
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`,
    )
