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
