import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

type View = () => preact.JSX.Element

const parts: (() => Promise<unknown>)[] = []

/** A part of the page whose code is loaded when it is first asked for. */
export function part<T>(load: () => Promise<T>): () => Promise<T> {
  parts.push(load)
  return load
}

/** Loads what was not asked for yet, so that the page goes on where its host is out of reach. */
export async function loadParts(): Promise<void> {
  // What does not come now is tried again when it is asked for.
  for (const load of parts) await load().catch(() => {})
}

/** A view whose code is loaded when it is first shown; its space is kept meanwhile. */
export function lazily(fetched: () => Promise<View>): View {
  const load = part(fetched)
  const loaded = signal<{ readonly View: View } | null>(null)
  const failed = signal(false)
  return () => {
    useEffect(() => {
      if (loaded.value) return
      load().then(
        View => {
          loaded.value = { View }
        },
        () => {
          failed.value = true
        },
      )
    }, [])
    if (loaded.value) return <loaded.value.View />
    return (
      <p class="loading soft">
        {failed.value ? 'This view could not be loaded. Reload the page to try again.' : 'Loading the view'}
      </p>
    )
  }
}
