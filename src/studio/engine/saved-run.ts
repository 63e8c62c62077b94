/** A run on the disk of the machine that serves the page. */
export interface SavedRun {
  /** Below the runs folder, its parts joined by `/`. */
  readonly path: string
  readonly objective: string
  readonly data: string
  readonly dimension: number
  /** Steps done, of those asked for. */
  readonly steps: number
  readonly of: number
  /** Why it cannot be shown, if it cannot. */
  readonly problem: string | null
}
