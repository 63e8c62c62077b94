import { fileURLToPath } from 'node:url'
import { build, type Plugin, type Rolldown } from 'vite'

const ENTRY = fileURLToPath(new URL('page/one-file/viewer.ts', import.meta.url))
const NAME = 'virtual:one-file-viewer'

/** Gives the script of pages that are one file as a text: `viewer.ts` and all that it needs, in one piece. */
export const oneFileViewer: Plugin = {
  name: 'one-file-viewer',
  resolveId: id => (id === NAME ? `\0${NAME}` : undefined),
  async load(id) {
    if (id !== `\0${NAME}`) return undefined
    const built = await build({
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        target: 'es2022',
        lib: { entry: ENTRY, formats: ['iife'], name: 'oxbow' },
      },
    })
    const [{ output }] = built as Rolldown.RolldownOutput[]
    return `export default ${JSON.stringify(output[0].code)}`
  },
}
