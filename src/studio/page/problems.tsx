import { live, problem } from './store.ts'

/** What went wrong: on the page, and in each run until it is told something else. */
export function Problems() {
  const ofRuns = live.value.flatMap((run, at) => (run?.problem ? `Run ${at + 1}: ${run.problem}` : []))
  return (
    <>
      {[...(problem.value ? [problem.value] : []), ...ofRuns].map(message => (
        <p key={message} class="problem" role="alert">
          {message}
        </p>
      ))}
    </>
  )
}
