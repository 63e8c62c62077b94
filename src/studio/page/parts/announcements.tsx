import { signal } from '@preact/signals'

/** What a screen reader is told: seldom, and only what a person would want to hear. */
const said = signal('')

export const announce = (text: string): void => {
  said.value = text
}

export function Announcements() {
  return (
    <p class="hidden-but-read" role="status">
      {said.value}
    </p>
  )
}
