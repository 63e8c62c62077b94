import { useState } from 'preact/hooks'
import { announce } from '../parts/announcements.tsx'

const MOST_ROWS = 14

/** Text that can be selected, with a button that copies it. */
export function Copied({ text, label, rows }: { text: string; label: string; rows: number }) {
  const [said, say] = useState('Copy')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      say('Copied')
      announce(`${label} copied`)
    } catch {
      say('Select it and copy')
    }
  }
  return (
    <>
      <textarea
        readOnly
        aria-label={label}
        rows={Math.min(rows, MOST_ROWS)}
        spellcheck={false}
        value={text}
      />
      <div class="buttons">
        <button type="button" onClick={copy}>
          {said}
          <span class="hidden-but-read">: {label}</span>
        </button>
      </div>
    </>
  )
}
