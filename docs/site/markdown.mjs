import hljs from 'highlight.js'
import katex from 'katex'
import MarkdownIt from 'markdown-it'
import anchor from 'markdown-it-anchor'

const escaped = text => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)
const formula = (source, displayMode) =>
  katex.renderToString(source, { displayMode, throwOnError: true, output: 'html' })

/** The slug that GitHub gives a heading, so that links written for it hold here. */
const slug = text =>
  text
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')

/** A cell of the tutorial: code that can be changed and run. It waits for its script. */
const cell =
  code => `<div class="live"><textarea aria-label="Code of this cell" spellcheck="false">${escaped(code.trimEnd())}</textarea>
<div class="bar"><button type="button" disabled>Run</button><span class="status" role="status"></span></div><output></output></div>`

function highlight(code, language) {
  return hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : escaped(code)
}

/** `$x$` is a formula. */
function inlineMath(state, silent) {
  if (state.src[state.pos] !== '$' || state.src[state.pos + 1] === '$') return false
  const end = state.src.indexOf('$', state.pos + 1)
  const source = state.src.slice(state.pos + 1, end)
  if (end < 0 || /^\s|\s$|\n\n/.test(source) || source === '') return false
  if (!silent) state.push('formula', '', 0).content = source
  state.pos = end + 1
  return true
}

export const markdown = new MarkdownIt({ html: true, linkify: false, highlight }).use(
  anchor.default ?? anchor,
  { slugify: slug, tabIndex: false },
)
markdown.inline.ruler.before('escape', 'formula', inlineMath)
markdown.renderer.rules.formula = (tokens, i) => formula(tokens[i].content, false)
const fence = markdown.renderer.rules.fence
markdown.renderer.rules.fence = (tokens, i, ...rest) => {
  const { info, content } = tokens[i]
  if (info.trim() === 'js live') return cell(content)
  if (info.trim() === 'math') return formula(content, true)
  return fence(tokens, i, ...rest)
}
markdown.renderer.rules.table_open = () => '<div class="wide"><table>'
markdown.renderer.rules.table_close = () => '</table></div>'

/** A file of the sources as a page. */
export const sourcePage = (code, extension) =>
  `<pre><code>${highlight(code, { mjs: 'js', cpp: 'cpp', h: 'cpp' }[extension] ?? extension)}</code></pre>`
export { escaped }
