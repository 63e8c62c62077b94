/** A wrong input that was refused as it should be, by an error that has no name of its own. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** Does something whose refusal is known by its words alone. */
export async function refusing<T>(expected: RegExp, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Error && expected.test(error.message)) throw new Refused(error.message)
    throw error
  }
}

/** An input that is none for the reader, such as text that is not JSON where the library has parsed it already. */
export function parsedOrRefused(input: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input))
  } catch {
    throw new Refused('not JSON')
  }
}
