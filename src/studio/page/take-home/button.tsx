import { signal } from '@preact/signals'
import { lazyChunk } from '../connection/lazy-chunks.ts'
import { problem } from '../state/store.ts'

type Shown = (props: { onClose: () => void }) => preact.JSX.Element

const open = signal(false)
const loaded = signal<{ readonly View: Shown } | null>(null)

const load = lazyChunk(() => import('./dialog.tsx'))

/** What is taken home is made when it is asked for: its code is loaded then. */
async function show(): Promise<void> {
  try {
    const { TakeHomeDialog } = await load()
    loaded.value = { View: TakeHomeDialog }
    open.value = true
  } catch {
    problem.value = 'This part of the page could not be loaded; reload the page to try again.'
  }
}

export function TakeHome() {
  return (
    <button type="button" aria-haspopup="dialog" onClick={show}>
      Export
    </button>
  )
}

/** The window that the buttons open. */
export function TakeHomeWindow() {
  if (!open.value || !loaded.value) return null
  return (
    <loaded.value.View
      onClose={() => {
        open.value = false
      }}
    />
  )
}
