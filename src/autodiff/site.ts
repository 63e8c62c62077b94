/** Where in the user's source a node was made, found from the call stack and formatted only when asked for. */
export interface Site {
  readonly stack?: string
}

const folder = (relative: string) => decodeURIComponent(new URL(relative, import.meta.url).pathname)
const PACKAGE = folder('..')
const AUTODIFF = folder('.')

/** Remembers the present call stack; cheap, because the text is made lazily. */
export function captureSite(): Site {
  const site: Site = {}
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 24
  Error.captureStackTrace?.(site, captureSite)
  Error.stackTraceLimit = stackTraceLimit
  return site
}

/** `file:line:column` of the innermost frame outside of this package, or else outside of the autodiff folder. */
export function describeSite(site: Site): string | undefined {
  const frames = (site.stack ?? '')
    .split('\n')
    .slice(1)
    .map(line => line.replace(/^\s*at\s+/, '').replace(/.*\((.*)\)$/, '$1'))
    .map(frame => frame.replace(/^async /, ''))
    .map(frame => (frame.startsWith('file://') ? decodeURIComponent(frame.slice(7)) : frame))
    .filter(
      frame => /:\d+:\d+$/.test(frame) && !frame.startsWith('node:') && !frame.includes('/node_modules/'),
    )
  return frames.find(f => !f.startsWith(PACKAGE)) ?? frames.find(f => !f.startsWith(AUTODIFF))
}

/** A graph that cannot be built. The message names the operation, the shapes and the line that asked for it. */
export class GraphError extends Error {
  override readonly name = 'GraphError'
  constructor(operation: string, problem: string, site: Site = captureSite()) {
    const where = describeSite(site)
    super(`${operation}: ${problem}${where ? `, at ${where}` : ''}`)
  }
}
