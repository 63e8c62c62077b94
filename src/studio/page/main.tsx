import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/pending.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { prefetchChunks } from './connection/lazy-chunks.ts'
import { acceptDroppedFiles } from './parts/dropped-files.ts'
import { trackHistory } from './state/history.ts'
import { engine } from './state/store.ts'

trackHistory()
acceptDroppedFiles()
render(<App />, document.getElementById('studio')!)

// What trains is the last that somebody may wait for.
const done = engine.subscribe(name => {
  if (name === null) return
  setTimeout(prefetchChunks, 500)
  queueMicrotask(() => done())
})
