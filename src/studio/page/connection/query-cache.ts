/** A question with its key: two with the same keys have the same answer. */
export interface Query {
  /** What is asked. */
  readonly key: string
  /** Of what: the training as it is, or the target alone. */
  readonly of: string
  readonly ask: () => Promise<unknown>
  /** Whether it takes seconds: it is asked when nothing quick is left. */
  readonly slow?: boolean
}

/** What a part of the page shows of its query. */
export interface QueryResult {
  /** The last answer; it is shown until the next. */
  readonly answer: unknown
  /** The question that it is the answer of. */
  readonly key: string | null
  /** Whether it is of the question and of the training that are wanted now. */
  readonly fresh: boolean
  readonly error: string | null
}

export const noResult: QueryResult = { answer: null, key: null, fresh: false, error: null }

/** A part of the page that shows one answer at a time. */
export interface Subscription {
  setQuery(query: Query | null): void
  end(): void
}

interface Subscriber {
  query: Query | null
  shown: QueryResult
  /** The training that the last answer was of. */
  of: string | null
  readonly show: (shown: QueryResult) => void
}

/** Share of the time that is left to a training which goes on while its answers are renewed. */
const LEFT_TO_TRAINING = 0.75
/** Milliseconds before a slow question, in which a view that was answered asks what follows from it. */
const LULL = 60
/** Answers that are kept. */
const KEPT = 200

const keyOf = ({ key, of }: Query): string => `${of}\n${key}`

/**
 * Asks without flooding: one question at a time for the whole page, of each subscriber only the newest. What a user changed
 * goes first, and of that what is quick; what only a training has changed waits, so that the training has most of the time.
 *
 * @param settled  whether answers of a training stay true, so that they are kept
 */
export function createQueryCache({
  settled,
  now = () => performance.now(),
  wait = (milliseconds: number, then: () => void) => void setTimeout(then, milliseconds),
}: {
  settled: (of: string) => boolean
  now?: () => number
  wait?: (milliseconds: number, then: () => void) => void
}): { subscribe(show: (shown: QueryResult) => void): Subscription } {
  const subscribers = new Set<Subscriber>()
  const kept = new Map<string, unknown>()
  let busy = false
  let quietUntil = 0
  let woken = false

  const isFresh = ({ query, shown, of }: Subscriber): boolean =>
    query !== null && shown.key === query.key && of === query.of && shown.error === null

  const tell = (subscriber: Subscriber, shown: QueryResult, of: string | null): void => {
    subscriber.shown = shown
    subscriber.of = of
    subscriber.show(shown)
  }

  const keep = (key: string, answer: unknown): void => {
    kept.delete(key)
    kept.set(key, answer)
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
  }

  const answerNow = async (subscriber: Subscriber): Promise<void> => {
    const query = subscriber.query!
    const renewal = subscriber.shown.key === query.key
    const start = now()
    let result: QueryResult
    try {
      const answer = await query.ask()
      result = { answer, key: query.key, fresh: true, error: null }
      if (settled(query.of)) keep(keyOf(query), answer)
    } catch (error) {
      // What is shown is the answer of another question, unless that was asked before.
      const answer = renewal ? subscriber.shown.answer : null
      result = { answer, key: query.key, fresh: false, error: (error as Error).message }
    }
    const took = now() - start
    if (renewal) quietUntil = now() + (took * LEFT_TO_TRAINING) / (1 - LEFT_TO_TRAINING)
    if (!subscribers.has(subscriber)) return
    const still = subscriber.query !== null && keyOf(subscriber.query) === keyOf(query)
    tell(subscriber, { ...result, fresh: result.fresh && still }, query.of)
  }

  const failed = ({ query, shown, of }: Subscriber): boolean =>
    shown.error !== null && shown.key === query?.key && of === query?.of

  const next = (): Subscriber | undefined => {
    const stale = [...subscribers].filter(
      subscriber => subscriber.query !== null && !isFresh(subscriber) && !failed(subscriber),
    )
    const urgent = stale.filter(
      subscriber => subscriber.shown.key !== subscriber.query!.key || settled(subscriber.query!.of),
    )
    if (urgent.length > 0) return urgent.find(subscriber => !subscriber.query!.slow) ?? urgent[0]
    if (stale.length === 0) return undefined
    if (now() >= quietUntil) return stale[0]
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
    for (let subscriber = next(); subscriber; subscriber = next()) {
      if (subscriber.query!.slow && !lull) {
        lull = true
        await new Promise<void>(resolve => wait(LULL, resolve))
        continue
      }
      lull = false
      // The last served comes last.
      subscribers.delete(subscriber)
      subscribers.add(subscriber)
      await answerNow(subscriber)
    }
    busy = false
  }

  return {
    subscribe(show) {
      const subscriber: Subscriber = { query: null, shown: noResult, of: null, show }
      subscribers.add(subscriber)
      return {
        setQuery(query) {
          subscriber.query = query
          if (query === null || isFresh(subscriber)) return
          const key = keyOf(query)
          if (kept.has(key)) {
            tell(subscriber, { answer: kept.get(key), key: query.key, fresh: true, error: null }, query.of)
          } else {
            if (subscriber.shown.fresh) tell(subscriber, { ...subscriber.shown, fresh: false }, subscriber.of)
            void pump()
          }
        },
        end: () => void subscribers.delete(subscriber),
      }
    },
  }
}
