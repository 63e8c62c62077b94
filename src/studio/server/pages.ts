import type { Command, Report } from '../engine/protocol.ts'
import { encodeMessage, framed } from '../engine/wire.ts'
import type { StartTraining, Training } from './training.ts'

/** How much the pages may ask for, and for how long without a sign of life. */
export interface Limits {
  /** Trainings at once, of one page and of all. */
  readonly perPage: number
  readonly inAll: number
  /** Milliseconds that a page may be without its stream of reports, and without a word. */
  readonly grace: number
  readonly silence: number
  /** Milliseconds between two signs of life on a stream. */
  readonly beat: number
}

/** A page's words come once in half a minute, in a tab that is not looked at perhaps once in a minute. */
export const LIMITS: Limits = { perPage: 4, inAll: 8, grace: 10_000, silence: 180_000, beat: 15_000 }

/** An open page: its trainings, and what it has not been told yet. */
interface Page {
  readonly trainings: Map<string, Training>
  readonly waiting: Report[]
  streams: number
  /** The stream that is told, the newest one. */
  newest: number
  /** When its last stream ended, and when it was heard of. */
  left: number
  heard: number
  wake: () => void
}

/** The pages that are open, and the trainings of each. */
export interface Pages {
  /** Starts a training, or begins one of the page's anew; false when there are too many. */
  open(page: string, command: Command): boolean
  /** Hands a command on; false when there is no such training. */
  tell(page: string, command: Command): boolean
  /** The page's reports as frames; one at a time. */
  reports(page: string): ReadableStream<Uint8Array>
  /** The page is there; gives the runs that are trained for it. */
  hear(page: string): string[]
  /** The page goes, and its trainings end. */
  leave(page: string): void
  processes(): number[]
  close(): Promise<void>
}

export function openPages(start: StartTraining, limits: Limits = LIMITS): Pages {
  const pages = new Map<string, Page>()

  const pageOf = (id: string): Page => {
    const now = performance.now()
    const page = pages.get(id) ?? {
      trainings: new Map(),
      waiting: [],
      streams: 0,
      newest: 0,
      left: now,
      heard: now,
      wake: () => {},
    }
    page.heard = now
    pages.set(id, page)
    return page
  }

  const count = (): number => [...pages.values()].reduce((total, { trainings }) => total + trainings.size, 0)

  /** A newer report of a training's progress takes the place of one that the page was too slow for. */
  const report = (page: Page, message: Report): void => {
    const { waiting } = page
    const at =
      message.type === 'progress'
        ? waiting.findIndex(each => each.type === 'progress' && each.run === message.run)
        : -1
    const [older] = at >= 0 ? waiting.splice(at, 1) : []
    const line =
      message.type === 'progress' && older?.type === 'progress' ? (message.line ?? older.line) : null
    waiting.push(line ? ({ ...message, line } as Report) : message)
    page.wake()
  }

  const end = async (id: string, page: Page): Promise<void> => {
    pages.delete(id)
    page.wake()
    await Promise.all([...page.trainings.values()].map(training => training.close()))
  }

  const sweep = setInterval(
    () => {
      const now = performance.now()
      for (const [id, page] of pages) {
        const gone = page.streams === 0 && now - page.left > limits.grace
        if (gone || now - page.heard > limits.silence) void end(id, page)
      }
    },
    Math.min(1000, limits.grace / 2),
  )

  return {
    open: (id, command) => {
      const page = pageOf(id)
      if (!page.trainings.has(command.run)) {
        if (page.trainings.size >= limits.perPage || count() >= limits.inAll) return false
        const training = start(
          message => report(page, message),
          () => {
            if (page.trainings.get(command.run) === training) page.trainings.delete(command.run)
          },
        )
        page.trainings.set(command.run, training)
      }
      page.trainings.get(command.run)!.send(command)
      return true
    },

    tell: (id, command) => {
      const page = pages.get(id)
      const training = page?.trainings.get(command.run)
      if (!page || !training) return false
      page.heard = performance.now()
      training.send(command)
      if (command.type === 'close') {
        page.trainings.delete(command.run)
        void training.close()
      }
      return true
    },

    reports: id => {
      const page = pageOf(id)
      let beat: NodeJS.Timeout
      let open = true
      const leave = () => {
        if (!open) return
        open = false
        clearInterval(beat)
        page.streams--
        page.left = performance.now()
      }
      page.streams++
      const own = ++page.newest
      page.wake()
      const told = (): boolean => open && page.newest === own && pages.get(id) === page
      return new ReadableStream<Uint8Array>(
        {
          start: controller => {
            beat = setInterval(() => controller.enqueue(framed(new Uint8Array(0))), limits.beat)
            controller.enqueue(framed(new Uint8Array(0)))
          },
          pull: async controller => {
            while (page.waiting.length === 0 && told()) {
              await new Promise<void>(resolve => {
                page.wake = resolve
              })
            }
            const next = told() ? page.waiting.shift() : undefined
            if (next) return controller.enqueue(framed(encodeMessage(next)))
            if (!open) return
            leave()
            controller.close()
          },
          cancel: () => {
            leave()
            page.wake()
          },
        },
        { highWaterMark: 1 },
      )
    },

    hear: id => {
      const page = pages.get(id)
      if (!page) return []
      page.heard = performance.now()
      return [...page.trainings.keys()]
    },

    leave: id => {
      const page = pages.get(id)
      if (page) void end(id, page)
    },

    processes: () =>
      [...pages.values()].flatMap(({ trainings }) => [...trainings.values()].map(({ pid }) => pid)),

    close: async () => {
      clearInterval(sweep)
      await Promise.all([...pages].map(([id, page]) => end(id, page)))
    },
  }
}
