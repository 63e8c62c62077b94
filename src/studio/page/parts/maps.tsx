import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { reachable } from './reachable.tsx'
import './maps.css'

/** Pictures beside each other; on a phone in a row that scrolls by itself. */
export function Maps({ name, children }: { name: string; children: ComponentChildren }) {
  const place = useRef<HTMLElement>(null)
  useEffect(() => reachable(place.current!, place.current!.children), [])
  return (
    <section ref={place} class="maps sideways" aria-label={name}>
      {children}
    </section>
  )
}

/** Room for maps that are not there yet. */
export const WaitingMaps = ({ count }: { count: number }) => (
  <div class="maps sideways">
    {Array.from({ length: count }, (_, i) => (
      <div key={i} class="heat waiting empty" />
    ))}
  </div>
)
