/** Where in the user's source a node was made, found from the call stack and formatted only when asked for. */
export interface Site {
  readonly stack?: string
}

/** Remembers the present call stack; cheap, because the text is made lazily. */
export function captureSite(): Site {
  const site: Site = {}
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 24
  Error.captureStackTrace?.(site, captureSite)
  Error.stackTraceLimit = stackTraceLimit
  return site
}

/** The places of a call stack, innermost first, as `file:line:column`. */
const placesIn = (stack: string): string[] =>
  stack
    .split('\n')
    .slice(1)
    .map(line => line.replace(/^\s*at\s+/, '').replace(/.*\((.*)\)$/, '$1'))
    .map(place => place.replace(/^async /, ''))
    .map(place => (place.startsWith('file://') ? decodeURIComponent(place.slice(7)) : place))

/** The folder of this file, by its own place on a stack: not every bundler knows `import.meta.url`. */
const ownFolder = (): string | undefined => placesIn(new Error().stack ?? '')[0]?.match(/^.*\//)?.[0]

/** `file:line:column` of the innermost frame outside of this package, or else outside of the autodiff folder. */
export function describeSite(site: Site): string | undefined {
  const autodiff = ownFolder() ?? ''
  const wholePackage = autodiff.replace(/[^/]*\/$/, '')
  const places = placesIn(site.stack ?? '').filter(
    place => /:\d+:\d+$/.test(place) && !place.startsWith('node:') && !place.includes('/node_modules/'),
  )
  return (
    places.find(place => !place.startsWith(wholePackage)) ?? places.find(place => !place.startsWith(autodiff))
  )
}

/** A graph that cannot be built. The message names the operation, the shapes and the line that asked for it. */
export class GraphError extends Error {
  override readonly name = 'GraphError'
  constructor(operation: string, problem: string, site: Site = captureSite()) {
    const where = describeSite(site)
    super(`${operation}: ${problem}${where ? `, at ${where}` : ''}`)
  }
}
