import type { Live } from '../state/run.ts'
import { problem, runs } from '../state/store.ts'
import './problems.css'

const STRAYED =
  'the training diverges: its samples have left the picture. Lower the learning rate, then Reset and Train.'

/** What is wrong with a run: what was refused until it is told something else, or that its samples are lost. */
const problemOf = (live: Live | null): string | null => live?.problem ?? (live?.strayed ? STRAYED : null)

/** What went wrong, on the page and in each run. */
export function Problems() {
  const ofRuns = runs.value.flatMap(({ live }, at) => {
    const said = problemOf(live)
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
