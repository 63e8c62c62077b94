import { useEffect } from 'preact/hooks'
import { begin, engine, problem } from './store.ts'
import { TrainView } from './views/train.tsx'

export function App() {
  useEffect(begin, [])
  return (
    <>
      <header>
        <h1>Oxbow studio</h1>
        <p class="soft">{engine.value ?? 'loading the runtime'}</p>
      </header>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <main>
        <TrainView />
      </main>
    </>
  )
}
