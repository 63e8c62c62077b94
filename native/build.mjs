// Builds the compiled part of the engine for this machine: npm run build:native
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { include_dir } from 'node-api-headers'
import { addonUnit, COMPILERS, FLAGS, findCompiler, INSTRUCTIONS, UNITS } from './flags.mjs'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const OUT = join(HERE, 'build')

function fail(line) {
  console.error(`build:native: ${line}`)
  process.exit(2)
}

if (!INSTRUCTIONS) fail(`${process.arch} is not supported; x64 and arm64 are`)
const compiler = findCompiler()
if (!compiler) fail(`expected a C++ compiler, and found none of ${COMPILERS.join(', ')}; CXX names another`)
const [program, ...first] = compiler
const compile = (...args) => execFileSync(program, [...first, ...args], { cwd: HERE, stdio: 'inherit' })

mkdirSync(OUT, { recursive: true })
const objects = [...UNITS, addonUnit(include_dir)].map(({ name, source, flags }) => {
  const out = join(OUT, `${name}.o`)
  compile('-O3', ...FLAGS, ...flags, '-c', source, '-o', out)
  return out
})
const undefinedLater = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-lpthread']
compile('-shared', '-o', join(OUT, 'oxbow.node'), ...objects, ...undefinedLater)
for (const name of readdirSync(OUT)) if (name.endsWith('.o')) rmSync(join(OUT, name))
console.log(`native/build/oxbow.node, by ${compiler.join(' ')}`)
