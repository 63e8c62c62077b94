/** The queue, or the place for results, cannot be used as it was named. */
export class QueueError extends Error {
  override readonly name = 'QueueError'
}
