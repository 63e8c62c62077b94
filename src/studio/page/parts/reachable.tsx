import type { ComponentChildren } from 'preact'

/**
 * Lets the keyboard scroll an element while it is wider than its place.
 *
 * @param parts  what grows within it, e.g. when fonts arrive
 * @returns ends it
 */
export function reachable(place: HTMLElement, parts: Iterable<Element>): () => void {
  const observer = new ResizeObserver(() => {
    if (place.scrollWidth > place.clientWidth) place.tabIndex = 0
    else place.removeAttribute('tabindex')
  })
  for (const node of [place, ...parts]) observer.observe(node)
  return () => observer.disconnect()
}

/** A place for a wide table: it scrolls by itself, not the page, and by keyboard too. */
export function Wide({ kind = '', children }: { kind?: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus
    <section class={`wide ${kind}`} aria-label="Table" tabIndex={0}>
      {children}
    </section>
  )
}
