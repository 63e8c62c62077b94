import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { machine } from '../connection/backend.ts'
import { atLeast } from '../parts/at-least.ts'
import { OpenModel } from '../parts/open-model.tsx'
import { engine } from '../state/store.ts'
import { TakeHome } from '../take-home/button.tsx'
import { BackendChoice } from './backend-choice.tsx'
import { ShareButton } from './share.tsx'
import { ThemeChoice } from './theme-choice.tsx'
import './menu.css'

/** Whether the bar has room for what is done, and for what is chosen too: a page that is served has one choice more. */
const wide = atLeast(1080)
const widest = atLeast(machine ? 1560 : 1280)

const open = signal(false)

/** What trains, once it is there. */
function Status() {
  return <p class="soft status">{engine.value ? `Engine: ${engine.value}` : 'Loading the engine'}</p>
}

function Actions() {
  return (
    <>
      <OpenModel />
      <TakeHome />
      <ShareButton />
    </>
  )
}

/** What is done to the whole page: in the bar, or behind a button where that has no room. */
export function Menu() {
  const menu = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const folded = !widest.value
  const shown = folded && open.value
  useEffect(() => {
    if (!shown) return
    const outside = ({ target }: Event): void => {
      const inside = menu.current!.contains(target as Node) || button.current!.contains(target as Node)
      // A window that was opened from the menu leads back to it.
      if (!inside && !(target as Element).closest('dialog')) open.value = false
    }
    const leave = ({ key }: KeyboardEvent): void => {
      // A window over the page takes the key for itself.
      if (key !== 'Escape' || document.querySelector('dialog[open]')) return
      open.value = false
      button.current!.focus()
    }
    addEventListener('pointerdown', outside)
    addEventListener('focusin', outside)
    addEventListener('keydown', leave)
    return () => {
      removeEventListener('pointerdown', outside)
      removeEventListener('focusin', outside)
      removeEventListener('keydown', leave)
    }
  }, [shown])
  const chosen = ({ target }: Event): void => {
    // What opens a window keeps the menu, where the focus goes back to.
    const done = (target as Element).closest('button:not([aria-haspopup])')
    if (!shown || !done || (target as Element).closest('dialog')) return
    open.value = false
    button.current!.focus()
  }
  return (
    <>
      {wide.value && <Actions />}
      {folded && (
        <button
          ref={button}
          type="button"
          aria-expanded={shown}
          aria-controls="menu"
          onClick={() => {
            open.value = !open.value
          }}
        >
          Menu
        </button>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys click its buttons */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
      <div
        ref={menu}
        id="menu"
        class={`menu${folded ? ' folded' : ''}${shown ? '' : ' closed'}`}
        onClick={chosen}
      >
        {!wide.value && <Actions />}
        <BackendChoice />
        <ThemeChoice />
        <Status />
      </div>
    </>
  )
}
