/** A studio that cannot be started as asked. */
export class StudioError extends Error {
  override readonly name = 'StudioError'
}
