import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { formulas, previewCards } from './html.config.ts'
import { licences } from './licences.config.ts'
import { oneFileViewer } from './one-file.config.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Leaves out the older formats of fonts: whatever runs the page reads WOFF2. */
const modernFonts: Plugin = {
  name: 'modern-fonts',
  enforce: 'pre',
  transform: (code, id) =>
    id.endsWith('katex.min.css') ? code.replace(/,url\([^)]*\) format\("(woff|truetype)"\)/g, '') : undefined,
}

const notices = licences()

/** The studio's page as a static site that works from any folder of any server. */
export default defineConfig({
  root: here('page'),
  base: './',
  plugins: [modernFonts, oneFileViewer, formulas, previewCards, notices.page],
  build: {
    outDir: here('../../dist/studio/site'),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    assetsInlineLimit: 0,
    modulePreload: {
      // The entry runs already when a part that shares it is fetched; Firefox calls its preload an error then.
      resolveDependencies: (_, deps, { hostType }) =>
        hostType === 'js' ? deps.filter(file => !/^assets\/(index|learn)-[^/]*\.js$/.test(file)) : deps,
    },
    rolldownOptions: {
      input: [here('page/index.html'), here('page/learn.html')],
      output: {
        // Many servers do not know `.mjs`, and browsers run no script of an unknown type.
        assetFileNames: ({ names }) =>
          `assets/[name]-[hash]${names[0]?.endsWith('.mjs') ? '.js' : '[extname]'}`,
      },
    },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es', plugins: () => [notices.worker] },
  // Its files are given to the runtime by name; see `page/connection/start.ts`.
  optimizeDeps: { exclude: ['onnxruntime-web'] },
})
