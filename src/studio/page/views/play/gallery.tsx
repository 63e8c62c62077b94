import type { ComponentChildren } from 'preact'
import { type SpaceName, spaceNames } from '../../../example/space-maps.ts'
import { type ExampleTarget, exampleTarget, exampleTargets } from '../../../example/trained-by.ts'
import { exampleOn, isUntouched } from '../../../plan.ts'
import type { ViewName } from '../../../state.ts'
import { making } from '../../parts/choose.ts'
import { fewPoints, shortName } from '../../parts/target-points.ts'
import { Thumbnail } from '../../parts/thumbnail.tsx'
import { MOST_RUNS, problem, runs, selected, state, update } from '../../state/store.ts'
import { add, open } from '../../state/training.ts'

const pictures = exampleTargets.map(name => ({ name, points: fewPoints(name) }))

const FIGURES: Readonly<Record<SpaceName, preact.JSX.Element>> = {
  sphere: (
    <svg viewBox="-11 -11 22 22" width="52" height="52" aria-hidden="true" fill="none" stroke="currentColor">
      <circle r="10" />
      <ellipse rx="4.5" ry="10" />
      <ellipse rx="10" ry="3.5" />
    </svg>
  ),
  torus: (
    <svg viewBox="-11 -11 22 22" width="52" height="52" aria-hidden="true" fill="none" stroke="currentColor">
      <rect x="-9" y="-9" width="18" height="18" stroke-dasharray="3 2" />
      <path d="M-9 3l6 6M-3 -9l12 12" />
    </svg>
  ),
  words: <span class="letters">abcd</span>,
}

/** Shows the trained map of a target in the place of another that came with the page; what one has trained stays. */
function show(name: ExampleTarget): void {
  update({ view: 'play' })
  const at = runs.value.findIndex(({ plan }) => isUntouched(plan))
  if (at >= 0) {
    update({ selected: at })
    open(exampleOn(name), at)
  } else if (runs.value.length < MOST_RUNS) add(exampleOn(name))
  else problem.value = `${MOST_RUNS} maps are already open. Remove one to open another.`
}

/** Goes to another view of the room. */
function Way({ to, look, children }: { to: ViewName; look: string; children: ComponentChildren }) {
  return (
    <a
      class={look}
      href={`#${to}`}
      aria-current={state.value.view === to ? 'page' : undefined}
      onClick={event => {
        event.preventDefault()
        update({ view: to })
      }}
    >
      {children}
    </a>
  )
}

/** Maps that are trained already, and what else there is to do. */
export function Gallery() {
  const plan = selected.value
  const shown = state.value.view === 'play' && isUntouched(plan) ? exampleTarget(plan.target) : null
  return (
    <section class="gallery" aria-label="Trained maps">
      <ul>
        {pictures.map(({ name, points }) => (
          <li key={name}>
            <button type="button" class="tile" aria-pressed={shown === name} onClick={() => show(name)}>
              <Thumbnail points={points} />
              {shortName(name)}
            </button>
          </li>
        ))}
        <li>
          <Way to="digits" look="tile">
            <span class="thumbnail figure" aria-hidden="true">
              7
            </span>
            digits
          </Way>
        </li>
        {spaceNames.map(name => (
          <li key={name}>
            <Way to={name} look="tile">
              <span class="thumbnail figure" aria-hidden="true">
                {FIGURES[name]}
              </span>
              {name}
            </Way>
          </li>
        ))}
      </ul>
      <div class="buttons">
        <button
          type="button"
          class="main"
          onClick={() => {
            making.value = 'drawing'
            update({ view: 'train' })
          }}
        >
          Draw your own
        </button>
        <a class="button" href="learn.html">
          How it works
        </a>
        <Way to="jump" look="button">
          See one jump
        </Way>
      </div>
    </section>
  )
}
