/** A graph that the engine does not run, and why. */
export class UnplannedError extends Error {
  override readonly name = 'UnplannedError'
}

let tell: (reason: string) => void = () => {}
let told = new Set<string>()

/**
 * Lets a program tell its user why a graph runs on ONNX Runtime though the compiled engine is asked for; by default nothing is said.
 *
 * @param listener  called once for each reason
 */
export function onFallback(listener: (reason: string) => void): void {
  tell = listener
  told = new Set()
}

/** A graph has been found that the compiled engine does not run. */
export function fallBack(reason: string): void {
  if (told.has(reason)) return
  told.add(reason)
  tell(reason)
}
