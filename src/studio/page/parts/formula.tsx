import katex from 'katex'
import 'katex/dist/katex.min.css'

/** A formula, typeset; with MathML for those who listen. */
export function Formula({ tex, block = false }: { tex: string; block?: boolean }) {
  const html = katex.renderToString(tex, { displayMode: block, throwOnError: false, output: 'htmlAndMathml' })
  return <span class="formula" dangerouslySetInnerHTML={{ __html: html }} />
}
