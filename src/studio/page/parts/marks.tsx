import './marks.css'
/** How a term's curve looks, beside its name and in the plot: by colour and by the line. */
export interface Mark {
  /** Of the page's style. */
  readonly colour: string
  readonly dash: string
}

const MARKS: readonly Mark[] = [
  { colour: 'var(--own)', dash: '' },
  { colour: 'var(--ink)', dash: '6 3' },
  { colour: 'var(--own)', dash: '2 3' },
  { colour: 'var(--ink)', dash: '8 3 2 3' },
]

export const markOf = (at: number): Mark => MARKS[at % MARKS.length]

export function Swatch({ mark: { colour, dash } }: { mark: Mark }) {
  return (
    <svg class="swatch" width="28" height="10" viewBox="0 0 28 10" aria-hidden="true">
      <path d="M1 5h26" style={{ stroke: colour }} stroke-width="2.5" stroke-dasharray={dash} />
    </svg>
  )
}
