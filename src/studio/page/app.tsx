import { useEffect, useErrorBoundary, useRef } from 'preact/hooks'
import type { ViewName } from '../state.ts'
import { ConnectionNote } from './frame/connection-note.tsx'
import { LinkNote } from './frame/link-note.tsx'
import { Menu } from './frame/menu.tsx'
import { Problems } from './frame/problems.tsx'
import { RunStrip } from './frame/run-strip.tsx'
import { ShareNote } from './frame/share.tsx'
import { NAMES, RoomViews, Tabs } from './frame/tabs.tsx'
import { UndoNote } from './frame/undo-note.tsx'
import { Announcements } from './parts/announcements.tsx'
import { lazyView } from './parts/lazy-view.tsx'
import { runs, state } from './state/store.ts'
import { begin, beginAnew } from './state/training.ts'
import { TakeHome, TakeHomeWindow } from './take-home/button.tsx'
import { PlayView } from './views/play/view.tsx'
import { TrainView } from './views/train/view.tsx'
import './frame/frame.css'

const VIEWS: Readonly<Record<ViewName, () => preact.JSX.Element>> = {
  play: PlayView,
  train: () => <TrainView tools={<TakeHome />} />,
  jump: lazyView(async () => (await import('./views/play/jump.tsx')).JumpView),
  steps: lazyView(async () => (await import('./views/play/steps.tsx')).StepsView),
  why: lazyView(async () => (await import('./views/compare/why.tsx')).WhyView),
  compare: lazyView(async () => (await import('./views/compare/view.tsx')).CompareView),
  steer: lazyView(async () => (await import('./views/steer/view.tsx')).SteerView),
  fill: lazyView(async () => (await import('./views/steer/digits/view.tsx')).SteerDigitsView),
  edit: lazyView(async () => (await import('./views/steer/edit/view.tsx')).EditView),
  digits: lazyView(async () => (await import('./views/play/digits/view.tsx')).DigitsView),
  sphere: lazyView(async () => (await import('./views/play/spaces/view.tsx')).SphereView),
  torus: lazyView(async () => (await import('./views/play/spaces/view.tsx')).TorusView),
  words: lazyView(async () => (await import('./views/play/spaces/view.tsx')).WordsView),
}

/** Views of maps that come with the page, which are no runs. */
const WITHOUT_RUNS: readonly ViewName[] = ['digits', 'fill', 'sphere', 'torus', 'words']

/** A view, or a way out where it fails. */
function Guarded({ View }: { View: () => preact.JSX.Element }) {
  const [error, forget] = useErrorBoundary()
  if (error === undefined) return <View />
  return (
    <div class="failed">
      <p role="alert">This view could not be shown.</p>
      <button
        type="button"
        class="main"
        onClick={() => {
          beginAnew()
          forget()
        }}
      >
        Start over
      </button>
    </div>
  )
}

export function App() {
  useEffect(begin, [])
  const main = useRef<HTMLElement>(null)
  const { view } = state.value
  useEffect(() => {
    document.title = `${NAMES[view]} | Oxbow studio`
  }, [view])
  const View = VIEWS[view]
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the view
      </button>
      <header class="bar">
        <h1>Oxbow studio</h1>
        <Tabs />
        <div class="tools">
          <a class="button" href="learn.html">
            Learn
          </a>
          <Menu />
        </div>
      </header>
      <Announcements />
      <ShareNote />
      <LinkNote />
      <ConnectionNote />
      <Problems />
      {/* Runs train points of the plane; what is first seen is simpler while there is one. */}
      {!WITHOUT_RUNS.includes(view) && (view !== 'play' || runs.value.length > 1) && <RunStrip />}
      <div class="frame">
        <main id="view" ref={main} tabIndex={-1} aria-labelledby="view-heading">
          <h2 id="view-heading" class="hidden-but-read">
            {NAMES[view]}
          </h2>
          <div class="room" style={{ '--own': `var(--run-${state.value.selected})` }}>
            <RoomViews />
            <Guarded key={view} View={View} />
          </div>
        </main>
      </div>
      <UndoNote />
      <TakeHomeWindow />
      <footer class="foot soft">
        <a href="licences.txt">Licences</a>
      </footer>
    </>
  )
}
