import './style.css'
import './controls.css'
import './pictures.css'
import './frame.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { takeDrops } from './drops.ts'
import { walk } from './walk.ts'

walk()
takeDrops()
render(<App />, document.getElementById('studio')!)
