import { useEffect, useRef, useState } from 'preact/hooks'
import type { QuestionName, Questions } from '../../engine/protocol.ts'
import { createQueryCache, noResult, type QueryResult, type Subscription } from '../connection/query-cache.ts'
import { beyondPlan, type Run } from './run.ts'
import { runs, state } from './store.ts'
import { ask } from './training.ts'

/** What a plan's answers are of: the training as far as it went, or the target alone. */
export type Of = 'training' | 'target'

/** With the class that is looked at, where the map is told one. */
function nameOf(run: number, now: Run, of: Of): string {
  const { plan, live } = now
  const { target, interpolant, ...rest } = plan
  const told = live?.classes ? state.value.class : undefined
  return JSON.stringify(
    of === 'target' ? [target, interpolant, told] : [run, target, interpolant, rest, told, beyondPlan(now)],
  )
}

/** Names are of the form that `nameOf` gives: of a target always, of a training while it stands still. */
function settled(name: string): boolean {
  const [run] = JSON.parse(name)
  if (typeof run !== 'number') return true
  const now = runs.value.at(run)
  return now !== undefined && !now.live?.playing && nameOf(run, now, 'training') === name
}

/** Questions that take seconds in a page. */
const SLOW: ReadonlySet<QuestionName> = new Set(['residuals', 'losses'])

const queries = createQueryCache({ settled })

/** What a view shows of a question. */
export interface Shown<N extends QuestionName> extends QueryResult {
  readonly answer: Questions[N]['answer'] | null
}

/**
 * The answer of a training, asked again as it goes on; the last answer stays until the next comes.
 *
 * @param key  names the question: everything in `ask` that can change
 * @param question  nothing is asked while it is null
 */
export function useAnswer<N extends QuestionName>(
  name: N,
  key: string,
  question: Questions[N]['ask'] | null,
  of: Of = 'training',
  run = state.value.selected,
): Shown<N> {
  const [shown, show] = useState<QueryResult>(noResult)
  const subscription = useRef<Subscription | null>(null)
  const open = runs.value[run].live?.ended === false
  const whole = `${name} ${key}`
  const which = nameOf(run, runs.value[run], of)
  useEffect(() => {
    subscription.current = queries.subscribe(show)
    return () => subscription.current?.end()
  }, [])
  useEffect(() => {
    subscription.current?.setQuery(
      question && open
        ? { key: whole, of: which, ask: () => ask(run, name, question), slow: SLOW.has(name) }
        : null,
    )
  }, [whole, which, open, question === null])
  return shown as Shown<N>
}
