// Builds the engine for WebAssembly into src/runtime/cpu/wasm-module.ts: npm run build:wasm [-- --check]
//
// The module is kept in the repository, so that nobody needs a compiler. The same compiler makes the same bytes: Zig 0.17.1, which
// `python3 -m pip install ziglang==0.17.1` installs. ZIG names it, as in ZIG="python3 -m ziglang" (default).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = '0.17.1'
const HERE = fileURLToPath(new URL('.', import.meta.url))
const MODULE = fileURLToPath(new URL('../src/runtime/cpu/wasm-module.ts', import.meta.url))
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
const lines = Object.entries(VARIANTS).map(([name, flags]) => {
  const out = join(folder, `${name}.wasm`)
  run('c++', ...FLAGS, ...flags, 'interpreter.cpp', 'wasm.cpp', '-o', out)
  return `export const ${name} =\n  '${readFileSync(out).toString('base64')}'\n`
})
rmSync(folder, { recursive: true })
const text = `// Made by native/wasm.mjs: npm run build:wasm\n/** The engine as WebAssembly, in base64. */\n${lines.join('')}`
if (!process.argv.includes('--check')) writeFileSync(MODULE, text)
else if (readFileSync(MODULE, 'utf8') !== text) {
  console.error(
    'build:wasm: src/runtime/cpu/wasm-module.ts is not what native/ builds; run npm run build:wasm',
  )
  process.exit(1)
}
