/** A question with what names it: two with the same names have the same answer. */
export interface Wanted {
  /** What is asked. */
  readonly key: string
  /** Of what: the training as it is, or the target alone. */
  readonly of: string
  readonly ask: () => Promise<unknown>
  /** Whether it takes seconds: it is asked when nothing quick is left. */
  readonly slow?: boolean
}

/** What a place of the page shows of its question. */
export interface Answered {
  /** The last answer; it is shown until the next. */
  readonly answer: unknown
  /** The question that it is the answer of. */
  readonly key: string | null
  /** Whether it is of the question and of the training that are wanted now. */
  readonly fresh: boolean
  readonly error: string | null
}

export const unanswered: Answered = { answer: null, key: null, fresh: false, error: null }

/** A place of the page that wants one answer at a time. */
export interface Place {
  want(wanted: Wanted | null): void
  close(): void
}

interface Slot {
  wanted: Wanted | null
  shown: Answered
  /** The training that the last answer was of. */
  of: string | null
  readonly show: (shown: Answered) => void
}

/** Share of the time that is left to a training which goes on while its answers are renewed. */
const LEFT_TO_TRAINING = 0.75
/** Milliseconds before a slow question, in which a view that was answered asks what follows from it. */
const LULL = 60
/** Answers that are kept. */
const KEPT = 200

const nameOf = ({ key, of }: Wanted): string => `${of}\n${key}`

/**
 * Asks without flooding: one question at a time for the whole page, of each place only the newest. What a user changed
 * goes first, and of that what is quick; what only a training has changed waits, so that the training has most of the time.
 *
 * @param settled  whether answers of a training stay true, so that they are kept
 */
export function createAsker({
  settled,
  now = () => performance.now(),
  wait = (milliseconds: number, then: () => void) => void setTimeout(then, milliseconds),
}: {
  settled: (of: string) => boolean
  now?: () => number
  wait?: (milliseconds: number, then: () => void) => void
}): { open(show: (shown: Answered) => void): Place } {
  const slots = new Set<Slot>()
  const kept = new Map<string, unknown>()
  let busy = false
  let quietUntil = 0
  let woken = false

  const isFresh = ({ wanted, shown, of }: Slot): boolean =>
    wanted !== null && shown.key === wanted.key && of === wanted.of && shown.error === null

  const tell = (slot: Slot, shown: Answered, of: string | null): void => {
    slot.shown = shown
    slot.of = of
    slot.show(shown)
  }

  const keep = (name: string, answer: unknown): void => {
    kept.delete(name)
    kept.set(name, answer)
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
  }

  const answerNow = async (slot: Slot): Promise<void> => {
    const wanted = slot.wanted!
    const renewal = slot.shown.key === wanted.key
    const start = now()
    let result: Answered
    try {
      const answer = await wanted.ask()
      result = { answer, key: wanted.key, fresh: true, error: null }
      if (settled(wanted.of)) keep(nameOf(wanted), answer)
    } catch (error) {
      result = { ...slot.shown, key: wanted.key, fresh: false, error: (error as Error).message }
    }
    const took = now() - start
    if (renewal) quietUntil = now() + (took * LEFT_TO_TRAINING) / (1 - LEFT_TO_TRAINING)
    if (!slots.has(slot)) return
    const still = slot.wanted !== null && nameOf(slot.wanted) === nameOf(wanted)
    tell(slot, { ...result, fresh: result.fresh && still }, wanted.of)
  }

  const failed = ({ wanted, shown, of }: Slot): boolean =>
    shown.error !== null && shown.key === wanted?.key && of === wanted?.of

  const next = (): Slot | undefined => {
    const open = [...slots].filter(slot => slot.wanted !== null && !isFresh(slot) && !failed(slot))
    const urgent = open.filter(slot => slot.shown.key !== slot.wanted!.key || settled(slot.wanted!.of))
    if (urgent.length > 0) return urgent.find(slot => !slot.wanted!.slow) ?? urgent[0]
    if (open.length === 0) return undefined
    if (now() >= quietUntil) return open[0]
    if (!woken) {
      woken = true
      wait(quietUntil - now(), () => {
        woken = false
        void pump()
      })
    }
    return undefined
  }

  const pump = async (): Promise<void> => {
    if (busy) return
    busy = true
    let lull = false
    for (let slot = next(); slot; slot = next()) {
      if (slot.wanted!.slow && !lull) {
        lull = true
        await new Promise<void>(resolve => wait(LULL, resolve))
        continue
      }
      lull = false
      // The last served comes last.
      slots.delete(slot)
      slots.add(slot)
      await answerNow(slot)
    }
    busy = false
  }

  return {
    open(show) {
      const slot: Slot = { wanted: null, shown: unanswered, of: null, show }
      slots.add(slot)
      return {
        want(wanted) {
          slot.wanted = wanted
          if (wanted === null || isFresh(slot)) return
          const name = nameOf(wanted)
          if (kept.has(name)) {
            tell(slot, { answer: kept.get(name), key: wanted.key, fresh: true, error: null }, wanted.of)
          } else {
            if (slot.shown.fresh) tell(slot, { ...slot.shown, fresh: false }, slot.of)
            void pump()
          }
        },
        close: () => void slots.delete(slot),
      }
    },
  }
}
