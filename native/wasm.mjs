// Builds the engine for WebAssembly into src/runtime/cpu: npm run build:wasm [-- --check]
//
// The modules are kept in the repository, so that nobody needs a compiler. The same compiler makes the same bytes: Zig 0.17.1, which
// `python3 -m pip install ziglang==0.17.1` installs. ZIG names it, as in ZIG="python3 -m ziglang" (default).
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const VERSION = '0.17.1'
const HERE = fileURLToPath(new URL('.', import.meta.url))
const OUT = fileURLToPath(new URL('../src/runtime/cpu/', import.meta.url))
/** Memory that threads share, at most 4 GiB but for a page; each has a stack of its own in it. */
const THREADS = [
  '-matomics',
  ...['--shared-memory', '--max-memory=4294901760', '--export=__stack_pointer'].map(each => `-Wl,${each}`),
]
const MODULES = { 'wasm-module.ts': [], 'wasm-threads-module.ts': THREADS }
const VARIANTS = { SIMD: [], RELAXED: ['-mrelaxed-simd'] }
const FLAGS = [
  ...['-target', 'wasm32-wasi', '-mexec-model=reactor', '-DNAMESPACE=base'],
  ...[
    '-O3',
    '-std=c++17',
    '-fno-exceptions',
    '-fno-rtti',
    '-fno-math-errno',
    '-ffp-contract=fast',
    '-Wno-psabi',
  ],
  ...['-msimd128', '-mbulk-memory'],
  ...['--strip-all', '--import-memory', '--export=__heap_base', '--stack,65536'].map(each => `-Wl,${each}`),
]

const [zig, ...first] = (process.env.ZIG ?? 'python3 -m ziglang').split(' ')
const run = (...args) =>
  execFileSync(zig, [...first, ...args], { cwd: HERE, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const refuse = why => {
  console.error(`build:wasm: ${why}`)
  process.exit(2)
}
let found
try {
  found = run('version').trim()
} catch {
  refuse(
    `expected Zig ${VERSION} (python3 -m pip install ziglang==${VERSION}), and ${[zig, ...first].join(' ')} does not run`,
  )
}
if (found !== VERSION) refuse(`expected Zig ${VERSION}, whose bytes are kept, found ${found}`)

const folder = mkdtempSync(join(tmpdir(), 'oxbow-wasm-'))

/** @returns the module in base64 */
async function compile(name, flags) {
  const out = join(folder, `${name}.wasm`)
  const args = ['c++', ...FLAGS, ...flags, 'interpreter.cpp', 'wasm.cpp', '-o', out]
  await promisify(execFile)(zig, [...first, ...args], { cwd: HERE })
  return readFileSync(out).toString('base64')
}

/** The source of a module with a constant of each variant. */
async function sourceOf(module, common) {
  const compiled = Object.entries(VARIANTS).map(async ([name, flags]) => {
    return `export const ${name} =\n  '${await compile(`${module}-${name}`, [...common, ...flags])}'\n`
  })
  const lines = await Promise.all(compiled)
  return `// Made by native/wasm.mjs: npm run build:wasm\n/** The engine as WebAssembly, in base64. */\n${lines.join('')}`
}

const check = process.argv.includes('--check')
for (const [module, flags] of Object.entries(MODULES)) {
  const text = await sourceOf(module, flags)
  const file = join(OUT, module)
  if (!check) writeFileSync(file, text)
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`build:wasm: src/runtime/cpu/${module} is not what native/ builds; run npm run build:wasm`)
    process.exitCode = 1
  }
}
rmSync(folder, { recursive: true })
