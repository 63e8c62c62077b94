import type { Report } from '../engine/protocol.ts'
import { encodeMessage } from '../engine/wire.ts'

/** What waits for a page that reads slowly or not at all, at most. */
const MOST_WAITING = { messages: 500, bytes: 64 << 20 }

interface Waiting {
  readonly report: Report
  readonly message: Uint8Array
}

/** Reports that a page has not read yet. */
export interface Outbox {
  readonly length: number
  push(report: Report): void
  /** The oldest as a message. */
  shift(): Uint8Array | undefined
  /** Drops how a run stands: it is closed. */
  forget(run: string): void
}

/**
 * Reports for one page in a bounded space: a newer report of a run's progress replaces the one before, and beyond the
 * bounds the oldest go: an answer is replaced by a refusal, so that who asked knows.
 */
export function createOutbox({ messages, bytes } = MOST_WAITING): Outbox {
  const waiting: Waiting[] = []
  let held = 0

  const put = (at: number, removed: number, ...reports: Report[]): void => {
    const added = reports.map(report => ({ report, message: encodeMessage(report) }))
    for (const { message } of added) held += message.length
    for (const { message } of waiting.splice(at, removed, ...added)) held -= message.length
  }

  const shrink = (): void => {
    // The newest always stays.
    for (let i = 0; held > bytes && i < waiting.length - 1; ) {
      const { report } = waiting[i]
      if (report.type === 'answer') {
        const message = 'the answer was dropped, because the page does not read its answers'
        put(i++, 1, { type: 'refused', run: report.run, id: report.id, message })
      } else if (report.type === 'progress') put(i, 1)
      else i++
    }
    while (waiting.length > messages) put(0, 1)
  }

  return {
    get length() {
      return waiting.length
    },
    push(report) {
      let newest = report
      if (report.type === 'progress') {
        const at = waiting.findIndex(
          each => each.report.type === 'progress' && each.report.run === report.run,
        )
        const older = waiting[at]?.report
        if (older?.type === 'progress') {
          put(at, 1)
          newest = { ...report, line: report.line ?? older.line }
        }
      }
      put(waiting.length, 0, newest)
      shrink()
    },
    shift() {
      const next = waiting[0]
      if (next) put(0, 1)
      return next?.message
    },
    forget(run) {
      const at = waiting.findIndex(({ report }) => report.type === 'progress' && report.run === run)
      if (at >= 0) put(at, 1)
    },
  }
}
