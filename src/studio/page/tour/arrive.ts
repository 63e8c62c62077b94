/** What a reader does who has taken over. */
const TAKEN = ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const

/**
 * Puts a section of the view at the top of the window, and keeps it there while the view is loaded and filled, until the
 * reader does something.
 *
 * @param section  its `data-section`
 * @returns ends it
 */
export function arriveAt(section: string): () => void {
  const view = document.querySelector('main')!
  const arrive = (): void =>
    view.querySelector(`[data-section="${section}"]`)?.scrollIntoView({ behavior: 'instant' })
  const grown = new ResizeObserver(arrive)
  const leave = (): void => {
    grown.disconnect()
    for (const name of TAKEN) removeEventListener(name, leave)
  }
  grown.observe(view)
  for (const name of TAKEN) addEventListener(name, leave, { passive: true })
  arrive()
  return leave
}
