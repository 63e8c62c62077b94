import { type Live, live, problem } from '../state/store.ts'
import './problems.css'

const STRAYED =
  'the training diverges: its samples have left the picture. Lower the learning rate, then Reset and Play.'

/** What is wrong with a run: what was refused until it is told something else, or that its samples are lost. */
const problemOf = (run: Live | null): string | null => run?.problem ?? (run?.strayed ? STRAYED : null)

/** What went wrong, on the page and in each run. */
export function Problems() {
  const ofRuns = live.value.flatMap((run, at) => {
    const said = problemOf(run)
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
