/** Data, or a description of data, that cannot be used. The message is one line for the user to act on. */
export class DataError extends Error {
  override readonly name = 'DataError'
}
