import { useEffect, useRef, useState } from 'preact/hooks'
import type { QuestionName, Questions } from '../../engine/protocol.ts'
import type { Plan } from '../../plan.ts'
import { type Answered, createAsker, type Place, unanswered } from '../connection/query-cache.ts'
import { ask, live, state } from './store.ts'

/** What a plan's answers are of: the training as far as it went, or the target alone. */
export type Of = 'training' | 'target'

const nameOf = (run: number, { target, interpolant, ...rest }: Plan, of: Of): string =>
  JSON.stringify(of === 'target' ? [target, interpolant] : [run, target, interpolant, rest])

/** Names are of the form that `nameOf` gives: of a target always, of a training while it stands still. */
function settled(name: string): boolean {
  const [run] = JSON.parse(name)
  if (typeof run !== 'number') return true
  const plan = state.value.runs[run]
  return plan !== undefined && !live.value[run]?.playing && nameOf(run, plan, 'training') === name
}

/** Questions that take seconds in a page. */
const SLOW: ReadonlySet<QuestionName> = new Set(['residuals', 'losses'])

const asker = createAsker({ settled })

/** What a view shows of a question. */
export interface Shown<N extends QuestionName> extends Answered {
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
  const [shown, show] = useState<Answered>(unanswered)
  const place = useRef<Place | null>(null)
  const open = live.value[run]?.ended === false
  const whole = `${name} ${key}`
  const which = nameOf(run, state.value.runs[run], of)
  useEffect(() => {
    place.current = asker.open(show)
    return () => place.current?.close()
  }, [])
  useEffect(() => {
    const wanted = question && open
    place.current?.want(
      wanted
        ? { key: whole, of: which, ask: () => ask(String(run), name, question), slow: SLOW.has(name) }
        : null,
    )
  }, [whole, which, open, question === null])
  return shown as Shown<N>
}
