import type { Command } from '../engine/protocol.ts'
import { framed } from '../engine/wire.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { StartTraining, Training } from './training.ts'

/** How much the pages may ask for, and for how long without a sign of life. */
export interface Limits {
  /** Trainings at once, of one page and of all. */
  readonly perPage: number
  readonly inAll: number
  /** Pages that are open. */
  readonly pages: number
  /** Milliseconds that a page may be without its stream of reports, and without a word. */
  readonly grace: number
  readonly silence: number
  /** Milliseconds between two signs of life on a stream. */
  readonly beat: number
}

/**
 * A page's words come once in half a minute, in a tab that is not looked at perhaps once in a minute. It has four runs, and
 * one that it may bring back.
 */
export const LIMITS: Limits = {
  perPage: 5,
  inAll: 10,
  pages: 64,
  grace: 10_000,
  silence: 180_000,
  beat: 15_000,
}

/** What became of a command: `full` where there are too many trainings, `busy` where too many commands wait. */
export type Outcome = 'taken' | 'full' | 'busy' | 'unknown'

/** An open page: its trainings, and what it has not been told yet. */
interface Page {
  readonly trainings: Map<string, Training>
  readonly waiting: Outbox
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
  /** Starts a training, or begins one of the page's anew; `size` is the command's bytes. */
  open(page: string, command: Command, size: number): Outcome
  /** Hands a command on. */
  tell(page: string, command: Command, size: number): Outcome
  /** The page's reports as frames, one at a time; nothing where too many pages are open. */
  reports(page: string): ReadableStream<Uint8Array> | undefined
  /** The page is there; gives the runs that are trained for it. */
  hear(page: string): string[]
  /** The page goes, and its trainings end. */
  leave(page: string): void
  processes(): number[]
  close(): Promise<void>
}

export function openPages(start: StartTraining, limits: Limits = LIMITS): Pages {
  const pages = new Map<string, Page>()

  /** Trainings that were closed and whose processes are not gone yet. */
  let ending = 0

  const endTraining = async (training: Training): Promise<void> => {
    ending++
    await training.close()
    ending--
  }

  /** Nothing where there are too many. */
  const pageOf = (id: string): Page | undefined => {
    const now = performance.now()
    if (!pages.has(id) && pages.size >= limits.pages) return undefined
    const page = pages.get(id) ?? {
      trainings: new Map(),
      waiting: createOutbox(),
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

  const end = async (id: string, page: Page): Promise<void> => {
    pages.delete(id)
    page.wake()
    await Promise.all([...page.trainings.values()].map(endTraining))
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
    open: (id, command, size) => {
      const page = pageOf(id)
      if (!page) return 'full'
      if (!page.trainings.has(command.run)) {
        const all = count()
        const full = page.trainings.size >= limits.perPage || all >= limits.inAll
        if (full || all + ending >= 2 * limits.inAll) return 'full'
        const training = start(
          report => {
            page.waiting.push(report)
            page.wake()
          },
          () => {
            if (page.trainings.get(command.run) === training) page.trainings.delete(command.run)
          },
        )
        page.trainings.set(command.run, training)
      }
      return page.trainings.get(command.run)!.send(command, size) ? 'taken' : 'busy'
    },

    tell: (id, command, size) => {
      const page = pages.get(id)
      const training = page?.trainings.get(command.run)
      if (!page || !training) return 'unknown'
      page.heard = performance.now()
      if (command.type !== 'close') return training.send(command, size) ? 'taken' : 'busy'
      page.trainings.delete(command.run)
      page.waiting.forget(command.run)
      void endTraining(training)
      return 'taken'
    },

    reports: id => {
      const page = pageOf(id)
      if (!page) return undefined
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
            beat = setInterval(() => {
              // Who does not read needs no sign of life.
              if ((controller.desiredSize ?? 0) > 0) controller.enqueue(framed(new Uint8Array(0)))
            }, limits.beat)
            controller.enqueue(framed(new Uint8Array(0)))
          },
          pull: async controller => {
            while (page.waiting.length === 0 && told()) {
              await new Promise<void>(resolve => {
                page.wake = resolve
              })
            }
            const next = told() ? page.waiting.shift() : undefined
            if (next) return controller.enqueue(framed(next))
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
