// Builds the compiled part of the engine for this machine: npm run build:native
//
// It takes the compiler that CXX names, else the first of those below that there is.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { include_dir } from 'node-api-headers'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const OUT = join(HERE, 'build')
const COMPILERS = ['clang++', 'c++', 'g++', 'zig c++']
const FLAGS = [
  '-O3',
  '-std=c++17',
  '-fPIC',
  '-fvisibility=hidden',
  '-fno-math-errno',
  '-ffp-contract=fast',
  '-Wall',
  '-Wno-psabi',
]
/** What the interpreter is compiled for, each in a namespace of its own; `base` is what every machine of a kind has. */
const INSTRUCTIONS = {
  x64: {
    base: ['-march=x86-64'],
    avx2: ['-march=x86-64', '-mavx2', '-mfma'],
    avx512: ['-march=x86-64', '-mavx512f', '-mavx512vl', '-mavx512dq', '-mavx512bw', '-mfma'],
  },
  arm64: { base: [] },
}[process.arch]
if (!INSTRUCTIONS) {
  console.error(`build:native: ${process.arch} is not supported; x64 and arm64 are`)
  process.exit(2)
}

function works(compiler) {
  try {
    const [program, ...rest] = compiler.split(' ')
    execFileSync(program, [...rest, '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const compiler = process.env.CXX ?? COMPILERS.find(works)
if (!compiler) {
  console.error(
    `build:native: expected a C++ compiler, and found none of ${COMPILERS.join(', ')}; CXX names another`,
  )
  process.exit(2)
}
const [program, ...first] = compiler.split(' ')
const compile = (...args) => execFileSync(program, [...first, ...args], { cwd: HERE, stdio: 'inherit' })

mkdirSync(OUT, { recursive: true })
const objects = []
const object = (name, source, ...args) => {
  const out = join(OUT, `${name}.o`)
  compile(...FLAGS, ...args, '-c', source, '-o', out)
  objects.push(out)
}
for (const [name, flags] of Object.entries(INSTRUCTIONS)) {
  object(`interpreter-${name}`, 'interpreter.cpp', `-DNAMESPACE=${name}`, ...flags)
}
object('engine', 'engine.cpp')
object('validate', 'validate.cpp')
object('addon', 'addon.cpp', `-I${include_dir}`)
const undefinedLater = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : ['-lpthread']
compile('-shared', '-o', join(OUT, 'oxbow.node'), ...objects, ...undefinedLater)
for (const name of readdirSync(OUT)) if (name.endsWith('.o')) rmSync(join(OUT, name))
console.log(`native/build/oxbow.node, by ${compiler}`)
