import './style.css'
import './controls.css'
import './pictures.css'
import './frame/frame.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { loadParts } from './connection/lazy-chunks.ts'
import { takeDrops } from './parts/dropped-files.ts'
import { walk } from './state/history.ts'
import { engine } from './state/store.ts'

walk()
takeDrops()
render(<App />, document.getElementById('studio')!)

// What trains is the last that somebody may wait for.
const done = engine.subscribe(name => {
  if (name === null) return
  setTimeout(loadParts, 500)
  queueMicrotask(() => done())
})
