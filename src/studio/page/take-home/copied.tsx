import { useState } from 'preact/hooks'
import { announce } from '../announce.tsx'

/** Text that can be selected, with a button that copies it. */
export function Copied({ text, label }: { text: string; label: string }) {
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
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: text that is as it is written */}
      <pre tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
      <div class="buttons">
        <button type="button" onClick={copy}>
          {said}
          <span class="hidden-but-read">: {label}</span>
        </button>
      </div>
    </>
  )
}
