import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { lazyChunk } from '../connection/lazy-chunks.ts'
import './lazy-view.css'

type View = () => preact.JSX.Element

/** A view whose code is loaded when it is first shown; its space is kept meanwhile. */
export function lazyView(fetched: () => Promise<View>): View {
  const load = lazyChunk(fetched)
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
