import katex from 'katex'
import type { Plugin } from 'vite'

/** Where the site will be, `https://example.org/oxbow/`: preview cards need whole addresses. */
const SITE = process.env.OXBOW_SITE

/** The picture of preview cards, by its whole address where that is known. */
export const previewCards: Plugin = {
  name: 'preview-cards',
  transformIndexHtml: html =>
    SITE === undefined
      ? html
      : html.replaceAll('"./preview.png"', JSON.stringify(new URL('preview.png', SITE).href)),
}

/** `\[...\]` in the page's articles as MathML, which is read without a script. */
export const formulas: Plugin = {
  name: 'formulas',
  transformIndexHtml: html =>
    html.replaceAll(/\\\[([\s\S]*?)\\\]/g, (_, tex: string) =>
      katex.renderToString(tex, { displayMode: true, output: 'mathml', throwOnError: true }),
    ),
}
