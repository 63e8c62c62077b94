import './style.css'
import './controls.css'
import './pictures.css'
import './frame.css'
import { render } from 'preact'
import { App } from './app.tsx'

render(<App />, document.getElementById('studio')!)
