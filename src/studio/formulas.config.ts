import katex from 'katex'
import type { Plugin } from 'vite'

/** `\[...\]` in the page's articles as MathML, which is read without a script. */
export const formulas: Plugin = {
  name: 'formulas',
  transformIndexHtml: html =>
    html.replaceAll(/\\\[([\s\S]*?)\\\]/g, (_, tex: string) =>
      katex.renderToString(tex, { displayMode: true, output: 'mathml', throwOnError: true }),
    ),
}
