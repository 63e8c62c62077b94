import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import './stage.css'

/** The stage where a target is made; it comes into sight, wherever the page was. */
export function Stage({ children }: { children: ComponentChildren }) {
  const stage = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => stage.current!.scrollIntoView({ block: 'nearest' }), [])
  return (
    <div ref={stage} class="stage">
      {children}
    </div>
  )
}
