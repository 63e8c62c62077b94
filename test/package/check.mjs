// The package as a stranger gets it: npm run package-check
//
// Packs it, installs it in an empty folder, and there, on each Node, trains by the command and runs programs that import it as
// strict ES modules, through a bundler's resolution and as CommonJS. Types are checked with those of the package's own files.
// NODES names the versions, beside the Node that runs this: default 22 and 24, which npm has as the package `node`.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { BUDGET } from './budget.mjs'

const ROOT = resolve(import.meta.dirname, '../..')
const NPM = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']
const TSC = join(ROOT, 'node_modules/.bin/tsc')
const work = mkdtempSync(join(tmpdir(), 'oxbow-package-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))

/** Runs a command; what it prints is given, or shown where it fails. */
function run(command, args, cwd) {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 300_000,
    })
  } catch (error) {
    console.error(
      `package: ${[command, ...args].join(' ')}\n${error.stdout ?? ''}${error.stderr ?? error.message}`,
    )
    process.exit(1)
  }
}

const megabytes = bytes => Math.round(bytes / 1e5) / 10
const sizeOf = folder =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)

function folderOf(name, manifest = {}) {
  const folder = join(work, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, ...manifest }))
  return folder
}

/** The budgets of what is downloaded and of what is installed. */
function checkSize(what, bytes) {
  const most = BUDGET[what]
  console.log(`${what}: ${megabytes(bytes)} MB, at most ${megabytes(most)} MB`)
  if (bytes > most) {
    console.error(`package: ${what} is over its budget in test/package/budget.mjs`)
    process.exit(1)
  }
}

const KINDS = {
  esm: { type: 'module', options: { module: 'nodenext' } },
  bundler: { type: 'module', options: { module: 'preserve', moduleResolution: 'bundler' } },
  commonjs: { type: 'commonjs', options: { module: 'nodenext' } },
}
const OPTIONS = {
  target: 'es2023',
  lib: ['es2023', 'dom'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules/@types')],
  outDir: 'out',
}

const [{ filename, size }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', work], ROOT))
checkSize('tarball', size)
const user = folderOf('user')
const began = Date.now()
run('npm', ['install', ...NPM, join(work, filename)], user)
console.log(`installed in ${((Date.now() - began) / 1000).toFixed(0)} s`)
checkSize('installed', sizeOf(join(user, 'node_modules')))

const nodes = [process.execPath]
const others = (process.env.NODES ?? '22 24').split(' ').filter(Boolean)
for (const version of others) {
  const folder = folderOf(`node-${version}`)
  // Its binary is put in place by its install script.
  run('npm', ['install', ...NPM, '--ignore-scripts=false', `node@${version}`], folder)
  nodes.push(join(folder, 'node_modules/node/bin/node'))
}

for (const [name, { type, options }] of Object.entries(KINDS)) {
  // Inside of the folder that has the package installed, where Node and tsc look for it.
  const folder = folderOf(join('user', name), { type })
  copyFileSync(join(import.meta.dirname, 'consumer.ts'), join(folder, 'consumer.ts'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...OPTIONS, ...options } }),
  )
  run(TSC, ['-p', '.'], folder)
  console.log(`${name}: types hold`)
}

/** Without the optional packages, what needs one says which. */
function checkMissing() {
  const main = 'node_modules/oxbow/dist/cli/main.js'
  const { status, stderr } = spawnSync(process.execPath, [main, 'sample', 'run/model.onnx'], {
    cwd: user,
    encoding: 'utf8',
  })
  if (status === 0 || !stderr.includes('npm install onnxruntime-node')) {
    console.error(`package: an ONNX model without ONNX Runtime is answered by ${status}: ${stderr}`)
    process.exit(1)
  }
}

for (const node of nodes) {
  const version = run(node, ['--version'], user).trim()
  const from = Date.now()
  rmSync(join(user, 'run'), { recursive: true, force: true })
  run(
    node,
    ['node_modules/oxbow/dist/cli/main.js', 'train', '--data', 'ring', '--steps', '50', '--out', 'run'],
    user,
  )
  const trained = ((Date.now() - from) / 1000).toFixed(1)
  if (statSync(join(user, 'run/model.onnx')).size === 0) throw new Error('model.onnx is empty')
  for (const name of Object.keys(KINDS)) {
    const folder = join(user, name)
    rmSync(join(folder, 'trained'), { recursive: true, force: true })
    run(node, ['out/consumer.js'], folder)
  }
  console.log(`Node ${version}: trained 50 steps in ${trained} s; ${Object.keys(KINDS).join(', ')} run`)
}
checkMissing()
