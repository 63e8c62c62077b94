import { useEffect, useRef, useState } from 'preact/hooks'
import type { QuestionName, Questions } from '../../engine/protocol.ts'
import type { Plan } from '../../plan.ts'
import { createQueryCache, noResult, type QueryResult, type Subscription } from '../connection/query-cache.ts'
import { runs, state } from './store.ts'
import { ask } from './training.ts'

/** What a plan's answers are of: the training as far as it went, or the target alone. */
export type Of = 'training' | 'target'

const nameOf = (run: number, { target, interpolant, ...rest }: Plan, of: Of): string =>
  JSON.stringify(of === 'target' ? [target, interpolant] : [run, target, interpolant, rest])

/** Names are of the form that `nameOf` gives: of a target always, of a training while it stands still. */
function settled(name: string): boolean {
  const [run] = JSON.parse(name)
  if (typeof run !== 'number') return true
  const now = runs.value.at(run)
  return now !== undefined && !now.live?.playing && nameOf(run, now.plan, 'training') === name
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
  const { plan, live } = runs.value[run]
  const open = live?.ended === false
  const whole = `${name} ${key}`
  const which = nameOf(run, plan, of)
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
