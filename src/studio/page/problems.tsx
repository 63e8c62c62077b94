import type { Plan } from '../plan.ts'
import { type Live, live, problem, state } from './store.ts'
import './problems.css'

/** The square that targets lie in is as wide: samples that are further from them on average have left it. */
const STRAYED = 8

/** What is wrong with a run: what was refused until it is told something else, or that its samples are lost. */
function problemOf(run: Live | null, { stages }: Plan): string | null {
  if (run?.problem) return run.problem
  if (!run?.distance || run.distance.value < STRAYED) return null
  const { learningRate } = stages.at(-1)!
  return `the training diverges: its samples have left the picture. Lower the learning rate, now ${learningRate}, then Reset and Play.`
}

/** What went wrong, on the page and in each run. */
export function Problems() {
  const { runs } = state.value
  const ofRuns = runs.flatMap((plan, at) => {
    const said = problemOf(live.value[at] ?? null, plan)
    return said ? [`Run ${at + 1}: ${said}`] : []
  })
  return (
    <div class="problems">
      {[...(problem.value ? [problem.value] : []), ...ofRuns].map(message => (
        <p key={message} class="problem" role="alert">
          {message}
        </p>
      ))}
    </div>
  )
}
