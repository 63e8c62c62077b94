import { render } from 'preact'
import { App } from './app.tsx'
import { takeDrops } from './drops.ts'
import { walk } from './walk.ts'
import './style.css'

walk()
takeDrops()
render(<App />, document.getElementById('studio')!)
