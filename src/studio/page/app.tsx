import { useEffect } from 'preact/hooks'
import { type ViewName, views } from '../state.ts'
import { later } from './parts/later.tsx'
import { begin, engine, problem, state, update } from './store.ts'
import { JumpView } from './views/jump.tsx'
import { StepsView } from './views/steps.tsx'
import { TrainView } from './views/train.tsx'

const NAMES: Readonly<Record<ViewName, string>> = {
  train: 'Train',
  jump: 'Jump',
  steps: 'Steps',
  why: 'Why',
  compare: 'Compare',
  reward: 'Reward',
}

const VIEWS: Partial<Record<ViewName, () => preact.JSX.Element>> = {
  train: TrainView,
  jump: JumpView,
  steps: StepsView,
  why: later(async () => (await import('./views/why.tsx')).WhyView),
}

function Tabs() {
  return (
    <nav aria-label="Views">
      <ul class="tabs">
        {views.map(view => (
          <li key={view}>
            <a
              href={`#${view}`}
              aria-current={state.value.view === view ? 'page' : undefined}
              onClick={event => {
                event.preventDefault()
                update({ view })
              }}
            >
              {NAMES[view]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

export function App() {
  useEffect(begin, [])
  const View = VIEWS[state.value.view] ?? TrainView
  return (
    <>
      <header class="bar">
        <h1>Oxbow studio</h1>
        <Tabs />
        <p class="soft status" role="status">
          {engine.value ?? 'Loading the runtime'}
        </p>
      </header>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <main>
        <View />
      </main>
    </>
  )
}
