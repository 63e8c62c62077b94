/** What became of a fixture. */
export interface Checked {
  readonly passed: boolean
  /** What was compared, and how far it is off. */
  readonly line: string
}
