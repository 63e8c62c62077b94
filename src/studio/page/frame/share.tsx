import { signal } from '@preact/signals'
import { announce } from '../parts/announcements.tsx'
import { linkOf, rerunWords } from '../state/link.ts'

/** Characters from which on some programs cut an address. */
const LONG = 8000

interface Copied {
  readonly link: string
  readonly byHand: boolean
}

const copied = signal<Copied | null>(null)

const messageOf = ({ link, byHand }: Copied): string => {
  const size = `${link.length.toLocaleString('en')} characters`
  const first = byHand
    ? `The browser did not let the page copy: copy this link (${size}).`
    : `Link copied (${size}).`
  return link.length > LONG
    ? `${first} It is long: some programs cut links over ${LONG.toLocaleString('en')} characters.`
    : first
}

async function copy(): Promise<void> {
  const link = linkOf()
  let byHand = false
  try {
    await navigator.clipboard.writeText(link)
  } catch {
    byHand = true
  }
  copied.value = { link, byHand }
  announce(messageOf(copied.value))
}

export function ShareButton() {
  return (
    <button type="button" onClick={copy}>
      Copy link
    </button>
  )
}

/** What became of the last copy; in the page until it is closed. */
export function ShareNote() {
  if (!copied.value) return null
  return (
    <div class="note" data-note="share">
      <p>
        {messageOf(copied.value)} Anyone who opens it sees the same{rerunWords()}.
      </p>
      {copied.value.byHand && (
        <input
          type="text"
          readOnly
          aria-label="Link"
          value={copied.value.link}
          onFocus={event => event.currentTarget.select()}
        />
      )}
      <button
        type="button"
        onClick={() => {
          copied.value = null
        }}
      >
        Close
      </button>
    </div>
  )
}
