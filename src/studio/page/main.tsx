import './style.css'
import './controls.css'
import './pictures.css'
import './frame.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { takeDrops } from './drops.ts'
import { loadParts } from './later.ts'
import { engine } from './store.ts'
import { walk } from './walk.ts'

walk()
takeDrops()
render(<App />, document.getElementById('studio')!)

// What trains is the last that somebody may wait for.
const done = engine.subscribe(name => {
  if (name === null) return
  setTimeout(loadParts, 500)
  queueMicrotask(() => done())
})
