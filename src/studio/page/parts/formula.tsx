import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { reachable } from './reachable.tsx'
import './formula.css'

type Typeset = (tex: string, block: boolean) => string

/** The typesetter, which comes after the first picture. */
const typeset = signal<Typeset | null>(null)
let asked = false

async function load(): Promise<void> {
  if (asked) return
  asked = true
  try {
    const [{ default: katex }] = await Promise.all([import('katex'), import('katex/dist/katex.min.css')])
    typeset.value = (tex, block) =>
      katex.renderToString(tex, { displayMode: block, throwOnError: false, output: 'htmlAndMathml' })
  } catch {
    asked = false
  }
}

/** A formula, typeset; with MathML for those who listen. Its space is kept until it is there. */
export function Formula({ tex, block = false }: { tex: string; block?: boolean }) {
  useEffect(() => {
    void load()
  }, [])
  const set = typeset.value
  const place = useRef<HTMLSpanElement>(null)
  useEffect(
    () => (set ? reachable(place.current!, place.current!.querySelectorAll('.base')) : undefined),
    [set, tex],
  )
  const kind = block ? 'formula block' : 'formula'
  if (!set) return <span class={kind} aria-busy="true" />
  return <span ref={place} class={kind} dangerouslySetInnerHTML={{ __html: set(tex, block) }} />
}
