import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'

/** What is made only once it is unfolded, since it costs time. */
export function Unfolded({ summary, children }: { summary: string; children: () => ComponentChildren }) {
  const opened = useSignal(false)
  return (
    <details
      class="more"
      onToggle={({ currentTarget }) => {
        opened.value = currentTarget.open
      }}
    >
      <summary>{summary}</summary>
      {opened.value && children()}
    </details>
  )
}
