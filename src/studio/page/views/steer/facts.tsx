import type { Questions } from '../../../engine/protocol.ts'

const percent = (share: number): string => `${Math.round(100 * share)} %`
/** A logarithm of about 1, and its error. */
const inHundredths = (value: number): string => (Number.isFinite(value) ? value.toFixed(2) : 'unknown')

/** What is known of the samples beside their distance. */
export function Facts({ answer }: { answer: Questions['steer']['answer'] | null }) {
  const { logZ, logZError = 0, exact, ess = [], distinct, evaluations, after } = answer ?? {}
  const each = (total = 0) => Number((total / (after!.length / 2)).toPrecision(3))
  const given = (text: () => string): string => (answer ? text() : '…')
  const rows = [
    [
      'log Z: estimated, exact',
      given(
        () =>
          `${logZ === undefined ? 'none' : `${inHundredths(logZ)} ± ${inHundredths(logZError)}`}, ${exact ? inHundredths(exact.logZ) : 'unknown'}`,
      ),
    ],
    [
      'Effective samples, at least',
      given(() => (ess.length > 0 ? percent(Math.min(...ess)) : 'none weighed')),
    ],
    ['Distinct samples', given(() => percent(distinct!))],
    [
      'Network evaluations per sample',
      given(
        () =>
          `${each(evaluations!.forward)}${evaluations!.backward > 0 ? ` + ${each(evaluations!.backward)} backward` : ''}`,
      ),
    ],
  ] as const
  return (
    <dl class="numbers facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
