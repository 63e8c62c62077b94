const parts: (() => Promise<unknown>)[] = []

/** A part of the page whose code is loaded when it is first asked for. */
export function part<T>(load: () => Promise<T>): () => Promise<T> {
  parts.push(load)
  return load
}

/** Loads what was not asked for yet, so that the page goes on where its host is out of reach. */
export async function loadParts(): Promise<void> {
  // What does not come now is tried again when it is asked for.
  for (const load of parts) await load().catch(() => {})
}
