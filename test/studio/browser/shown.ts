/** A word of each view that is only there when it is. */
export const SHOWN = {
  play: 'Draw yours',
  train: 'Objective',
  jump: 's, where the jump begins',
  steps: 'Euler',
  why: 'velocity',
  compare: 'Samples from the same noise',
  reward: 'What is wanted',
  digits: 'Train one on your machine',
} as const

/** The titles of the tour's steps, and the views that they show. */
export const TOUR = [
  ['The path', 'Jump'],
  ['The tangent', 'Why'],
  ['The integral', 'Jump'],
  ['Three consistencies', 'Why'],
  ['Training', 'Train'],
  ['Few steps', 'Steps'],
  ['When it fails', 'Why'],
] as const

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
