import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The studio's page as a static site that works from any folder of any server. */
export default defineConfig({
  root: here('page'),
  base: './',
  build: { outDir: here('../../dist/studio/site'), emptyOutDir: true, target: 'es2022', sourcemap: true },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  // Its files are given to the runtime by name; see `page/client.ts`.
  optimizeDeps: { exclude: ['onnxruntime-web'] },
})
