import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The texts of packages that come without theirs. */
const MISSING: Readonly<Record<string, string>> = {
  '@bufbuild/protobuf': here('licences/protobuf.txt'),
  'onnxruntime-common': here('licences/onnxruntime.txt'),
  'onnxruntime-web': here('licences/onnxruntime.txt'),
}

/** Files of a package that hold its licence and its notices. */
const NOTICES = /^(licen[cs]e|copying|notice|third-?party)/i

/** The folder of the package that a module is of; nothing for one of ours. */
function packageOf(id: string): string | undefined {
  const path = id.split('?')[0].split('\0').at(-1)!
  const at = path.lastIndexOf('/node_modules/')
  if (at < 0) return undefined
  const [scope, name] = path.slice(at + '/node_modules/'.length).split('/')
  return join(path.slice(0, at), 'node_modules', scope.startsWith('@') ? `${scope}/${name}` : scope)
}

/** What has to be said of a package. @throws Error when there is nothing to be found */
function noticeOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const own = readdirSync(folder).filter(file => NOTICES.test(file))
  const files = own.length > 0 ? own.map(file => join(folder, file)) : [MISSING[name] ?? '']
  if (!files.every(file => existsSync(file))) {
    throw new Error(
      `${name} comes without the text of its licence (${license}); add it to ${here('licences')}`,
    )
  }
  const texts = files.map(file => readFileSync(file, 'utf8').trim())
  return `## ${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`
}

/**
 * Writes `licences.txt`: the licences and notices of this package and of all that is bundled, which most of them ask for in
 * copies. To be given to the page's build and to that of its workers, which is done before.
 */
export function licences(): { readonly page: Plugin; readonly worker: Plugin } {
  const folders = new Set<string>()
  const collect: Plugin['generateBundle'] = (_, bundle) => {
    const modules = Object.values(bundle).flatMap(file =>
      file.type === 'chunk'
        ? file.moduleIds
        : file.originalFileNames.map(name => join(dirname(here('page/x')), name)),
    )
    for (const id of modules) {
      const folder = packageOf(id)
      if (folder) folders.add(folder)
    }
  }
  return {
    worker: { name: 'licences-of-worker', generateBundle: collect },
    page: {
      name: 'licences',
      generateBundle(...given) {
        collect.call(this, ...given)
        const own = readFileSync(here('../../LICENSE'), 'utf8').trim()
        const source = [
          `# Oxbow\n\n${own}\n\n# What the page contains besides\n`,
          ...[...folders].sort().map(noticeOf),
        ]
        this.emitFile({ type: 'asset', fileName: 'licences.txt', source: source.join('\n') })
      },
    },
  }
}
