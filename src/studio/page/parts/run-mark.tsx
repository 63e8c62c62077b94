import './run-mark.css'

/** Outlines of the marks of runs, in a square of 16: told apart without colour. */
const OUTLINES = ['M8 1a7 7 0 1 0 .01 0z', 'M8 1l7 14H1z', 'M2 2h12v12H2z', 'M8 0l8 8-8 8-8-8z']

/** The mark of a run over a picture, of a width in units of the picture; its colour is the class's. */
export function MarkAt({
  at,
  x,
  y,
  width,
  kind,
}: {
  at: number
  x: number
  y: number
  width: number
  kind: string
}) {
  const scale = width / 16
  return (
    <path
      class={kind}
      d={OUTLINES[at]}
      transform={`translate(${x - width / 2} ${y - width / 2}) scale(${scale})`}
    />
  )
}

/** The mark of the run at a place. */
export function Mark({ at }: { at: number }) {
  return (
    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
      <path d={OUTLINES[at]} fill={`var(--run-${at})`} />
    </svg>
  )
}
