import { escapeHtml } from './format.ts'
import { styleSheet } from './html-style.ts'
import { sortScript } from './html-table.ts'
import { turnScript } from './space/turn-script.ts'

const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

/** Opens on paper what is folded on a screen and belongs there. */
const printScript = `
for (const [event, open] of [['beforeprint', true], ['afterprint', false]])
  document.defaultView?.addEventListener(event, () => {
    for (const details of document.querySelectorAll('details.printed')) details.open = open
  })`

/** What is under one heading: parts of markup, empty ones left out. */
export interface Section {
  readonly heading: string
  readonly parts: readonly string[]
}

/** A whole page. */
export interface Page {
  readonly title: string
  /** Short facts under the title. */
  readonly facts: readonly string[]
  /** What the numbers say, in a paragraph. */
  readonly reading: string
  /** Sentences that a reader must not miss. */
  readonly warnings?: readonly string[]
  readonly sections: readonly Section[]
}

/** A page as one HTML file that asks for nothing else; a section without content is left out. */
export function htmlPage({ title, facts, reading, warnings = [], sections }: Page): string {
  const body = sections.map(sectionMarkup).join('')
  const turning = body.includes('class="turning"') ? turnScript : ''
  const list = (kind: string, items: readonly string[]): string =>
    items.length > 0
      ? `<ul class="${kind}">${items.map(item => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
      : ''
  return (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
    `<meta name="generator" content="oxbow"><title>${escapeHtml(title)}</title><style>${styleSheet}</style></head><body>` +
    `<header><h1>${escapeHtml(title)}</h1>${list('facts', facts)}</header>` +
    `<main>${paragraph('reading', reading)}${list('warnings', warnings)}${body}</main>` +
    `<footer>Made by oxbow.</footer><script>${sortScript}${printScript}${turning}</script></body></html>\n`
  )
}

function sectionMarkup({ heading, parts }: Section): string {
  const content = parts.filter(Boolean).join('\n')
  return content && `<section><h2>${escapeHtml(heading)}</h2>${content}</section>\n`
}

/** A paragraph of plain text. */
export function paragraph(kind: string, text: string): string {
  return text && `<p class="${kind}">${escapeHtml(text)}</p>`
}

/** The command, and the whole configuration folded away. */
export function recipe(command: string, config: string): string {
  return (
    `<pre class="command"><code>${escapeHtml(command)}</code></pre>` +
    `<details class="printed"><summary>Whole configuration</summary><pre tabindex="0"><code>${escapeHtml(config)}</code></pre></details>`
  )
}
