/** A run directory that is missing, foreign or damaged. */
export class RunError extends Error {
  override readonly name = 'RunError'
}
