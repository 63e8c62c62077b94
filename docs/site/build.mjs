// The documentation as one static site, in site/: npm run build:docs. The documents, the API reference and the studio, with every
// link checked. It works offline, from any folder of any server, and needs no other command. `--no-api` leaves the reference out.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, posix, relative, resolve } from 'node:path'
import * as esbuild from 'esbuild'
import { brokenLinks } from './links.mjs'
import { escaped, markdown, sourcePage } from './markdown.mjs'
import { MENU, page } from './page.mjs'

const ROOT = resolve(import.meta.dirname, '../..')
const OUT = join(ROOT, 'site')
const HERE = import.meta.dirname
const require = createRequire(import.meta.url)

const DOCUMENTS = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'native/README.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md') && !name.includes('node_modules'))
    .map(name => posix.join('docs', name)),
]

/** Where a document or a file of the repository is on the site. */
function placeOf(path) {
  if (path === 'README.md') return 'index.html'
  if (DOCUMENTS.includes(path))
    return path
      .replace(/^docs\//, '')
      .replace(/README\.md$/, 'index.md')
      .replace(/\.md$/, '.html')
  return path
}

const titleOf = source => /^# (.*)$/m.exec(source)?.[1].replace(/[`*]/g, '') ?? 'Oxbow'
const read = path => readFileSync(join(ROOT, path), 'utf8')

const objectives = DOCUMENTS.filter(path => path.startsWith('docs/objectives/'))
const GROUPS = MENU.map(([title, items]) =>
  title === 'Objectives'
    ? [
        title,
        objectives
          .map(path => [path, titleOf(read(path)).split(':')[0]])
          .sort(([a], [b]) => (a.endsWith('README.md') ? -1 : b.endsWith('README.md') ? 1 : 0)),
      ]
    : [title, items],
)

function write(place, content) {
  mkdirSync(dirname(join(OUT, place)), { recursive: true })
  writeFileSync(join(OUT, place), content)
}

const PICTURE = /\.(png|svg|gif|jpe?g|webp)$/
/** Files of the sources that documents lead to. */
const sources = new Set()

/** The address, seen from a document, of what it links to by a path of the repository. */
function addressOf(document, target) {
  if (/^(\w+:|#)/.test(target)) return target
  const [file, hash] = target.split('#')
  const path = posix.normalize(posix.join(posix.dirname(document), file))
  if (!existsSync(join(ROOT, path))) return target
  const isPage = DOCUMENTS.includes(path)
  const isFile = !isPage && !PICTURE.test(path)
  if (PICTURE.test(path)) {
    mkdirSync(dirname(join(OUT, placeOf(path))), { recursive: true })
    cpSync(join(ROOT, path), join(OUT, placeOf(path)))
  }
  if (isFile) sources.add(path)
  const place = isFile ? `source/${path}.html` : placeOf(path)
  return posix.relative(posix.dirname(placeOf(document)), place) + (hash ? `#${hash}` : '')
}

/** A path of the repository or of the site, as the menu has them, seen from a page of the site. */
const seenFrom = place => path => posix.relative(posix.dirname(place), placeOf(path))

function shell(place, path, title, body, isLive = false) {
  const root = posix.relative(posix.dirname(place), '.')
  return page({
    path,
    title,
    body,
    groups: GROUPS,
    to: seenFrom(place),
    root: root === '' ? '' : `${root}/`,
    isLive,
  })
}

function writeDocument(path) {
  const source = read(path)
  const environment = {}
  const tokens = markdown.parse(source, environment)
  const fix = list => {
    for (const token of list) {
      for (const name of ['href', 'src']) {
        const target = token.attrGet?.(name)
        if (target) token.attrSet(name, addressOf(path, target))
      }
      if (token.children) fix(token.children)
    }
  }
  fix(tokens)
  const body = markdown.renderer.render(tokens, markdown.options, environment)
  const isGallery = path === 'docs/gallery.md'
  const place = placeOf(path)
  const html = shell(
    place,
    path,
    titleOf(source),
    isGallery ? `<div class="gallery">${body}</div>` : body,
    body.includes('class="live"'),
  )
  write(place, html)
}

function writeSource(path) {
  const place = `source/${path}.html`
  if (statSync(join(ROOT, path)).isDirectory()) {
    const names = readdirSync(join(ROOT, path)).sort()
    write(
      place,
      shell(
        place,
        path,
        path,
        `<h1>${escaped(path)}</h1><ul>${names.map(name => `<li>${escaped(name)}</li>`).join('')}</ul>`,
      ),
    )
    return
  }
  const body = `<h1>${escaped(path)}</h1>${sourcePage(read(path), extname(path).slice(1))}`
  write(place, shell(place, path, path, body))
}

/** The styles and fonts of formulas, the site's own, and the script of the live cells. */
async function writeAssets() {
  const assets = join(OUT, 'assets')
  const math = dirname(require.resolve('katex/dist/katex.min.css'))
  mkdirSync(join(assets, 'fonts'), { recursive: true })
  cpSync(join(math, 'katex.min.css'), join(assets, 'katex.css'))
  for (const font of readdirSync(join(math, 'fonts')).filter(name => name.endsWith('.woff2')))
    cpSync(join(math, 'fonts', font), join(assets, 'fonts', font))
  cpSync(join(HERE, 'site.css'), join(assets, 'site.css'))
  cpSync(join(ROOT, 'src/studio/example/digits.safetensors'), join(assets, 'digits.safetensors'))
  await esbuild.build({
    entryPoints: [join(HERE, 'live/cells.ts')],
    outdir: assets,
    // What opens .onnx files is a script of its own, and no cell asks for it.
    splitting: true,
    chunkNames: 'cells-[hash]',
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    external: ['onnxruntime-web/*'],
    logLevel: 'error',
  })
}

function writeReference() {
  const typedoc = join(ROOT, 'docs/site/api/node_modules/typedoc/bin/typedoc')
  execFileSync(
    process.execPath,
    [typedoc, '--options', join(HERE, 'typedoc.json'), '--out', join(OUT, 'api')],
    {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
}

rmSync(OUT, { recursive: true, force: true })
mkdirSync(OUT)
await writeAssets()
for (const path of DOCUMENTS) writeDocument(path)
for (const path of sources) writeSource(path)
cpSync(join(ROOT, 'dist/studio/site'), join(OUT, 'studio'), {
  recursive: true,
  filter: path => !path.endsWith('.map'),
})
if (!process.argv.includes('--no-api')) writeReference()
const problems = brokenLinks(OUT).filter(
  problem => !(process.argv.includes('--no-api') && problem.includes('api/index.html')),
)
if (problems.length > 0) {
  console.error(`docs: links that lead nowhere:\n  ${problems.join('\n  ')}`)
  process.exit(1)
}
console.log(`${relative(ROOT, OUT)}: ${DOCUMENTS.length} documents, ${sources.size} sources, links hold`)
