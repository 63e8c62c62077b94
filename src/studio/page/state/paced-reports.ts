import type { Report } from '../../engine/protocol.ts'

/** Part of the time that the page may take to draw what trainings report, and the longest it waits, in milliseconds. */
const SHARE = 0.1
const LONGEST = 1000

/** Clock and frames, as a page has them. */
export interface Frames {
  /** Milliseconds. */
  clock(): number
  /** Resolves once the next frame is drawn. */
  drawn(): Promise<void>
}

const ofPage: Frames = {
  clock: () => performance.now(),
  drawn: () => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve))),
}

const mayBeLeftOut = (report: Report): boolean =>
  report.type === 'progress' && report.playing && report.distance === undefined

/**
 * Passes reports on, those of a training that goes on no oftener than the page can draw them without holding up its frames: on a slow
 * device some are left out. What measures, ends, answers or refuses is passed on at once.
 */
export function pacedReports(
  receive: (report: Report) => void,
  { clock, drawn }: Frames = ofPage,
): (report: Report) => void {
  let next = -Infinity
  let isDrawing = false
  return report => {
    if (mayBeLeftOut(report) && (isDrawing || clock() < next)) return
    if (report.type === 'progress' && !isDrawing) {
      isDrawing = true
      const start = clock()
      drawn().then(() => {
        isDrawing = false
        next = clock() + Math.min(LONGEST, (clock() - start) / SHARE)
      })
    }
    receive(report)
  }
}
