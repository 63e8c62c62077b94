// How the compiled part of the engine is compiled, by whoever does: build.mjs, and the tests with sanitizers.
import { execFileSync } from 'node:child_process'

export const COMPILERS = ['clang++', 'c++', 'g++', 'zig c++']

export const FLAGS = [
  '-std=c++17',
  '-fPIC',
  '-fvisibility=hidden',
  '-fno-math-errno',
  '-ffp-contract=fast',
  '-Wall',
  '-Wno-psabi',
  // Of the compiler's own headers, by GCC 12; other compilers do not know it.
  '-Wno-uninitialized',
  '-Wno-maybe-uninitialized',
  '-Wno-unknown-warning-option',
]

/** What the interpreter is compiled for, each in a namespace of its own; `base` is what every machine of a kind has. */
const INSTRUCTIONS_OF = {
  x64: {
    base: [],
    avx2: ['-mavx2', '-mfma'],
    avx512: ['-mavx512f', '-mavx512vl', '-mavx512dq', '-mavx512bw', '-mfma'],
  },
  arm64: { base: [] },
}

/** Those of this machine. */
export const INSTRUCTIONS = INSTRUCTIONS_OF[process.arch]

/** What is compiled for a kind of processor, whoever calls it. */
export const unitsFor = arch => [
  ...Object.entries(INSTRUCTIONS_OF[arch] ?? {}).map(([name, flags]) => ({
    name: `interpreter-${name}`,
    source: 'interpreter.cpp',
    flags: [`-DNAMESPACE=${name}`, ...flags],
  })),
  { name: 'engine', source: 'engine.cpp', flags: [] },
  { name: 'validate', source: 'validate.cpp', flags: [] },
]
export const UNITS = unitsFor(process.arch)

/** The module of Node beside them. */
export const addonUnit = headers => ({ name: 'addon', source: 'addon.cpp', flags: [`-I${headers}`] })

function works(compiler) {
  try {
    const [program, ...rest] = compiler.split(' ')
    execFileSync(program, [...rest, '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The compiler that CXX names, else the first of those above that there is: a command with its first arguments. */
export const findCompiler = () => (process.env.CXX ?? COMPILERS.find(works))?.split(' ')
