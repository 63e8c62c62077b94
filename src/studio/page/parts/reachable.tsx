import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import './reachable.css'

/**
 * Lets the keyboard scroll an element while it is wider or longer than its place, and has it seen that there is more.
 *
 * @param parts  what grows within it, e.g. when fonts arrive
 * @returns ends it
 */
export function reachable(place: HTMLElement, parts: Iterable<Element>): () => void {
  const observer = new ResizeObserver(() => {
    const wide = place.scrollWidth > place.clientWidth
    const long = place.scrollHeight > place.clientHeight + 1 && getComputedStyle(place).overflowY === 'auto'
    place.classList.toggle('cut', wide || long)
    place.classList.toggle('below', long && !wide)
    if (wide || long) place.tabIndex = 0
    else place.removeAttribute('tabindex')
  })
  for (const node of [place, ...parts]) observer.observe(node)
  return () => observer.disconnect()
}

/** A place for a wide table: it scrolls by itself, not the page, and by keyboard too. */
export function Wide({ kind = '', children }: { kind?: string; children: ComponentChildren }) {
  const place = useRef<HTMLElement>(null)
  useEffect(() => reachable(place.current!, place.current!.children), [])
  return (
    <section ref={place} class={`wide ${kind}`} aria-label="Table">
      {children}
    </section>
  )
}
