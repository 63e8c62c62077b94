import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'

/** Code of a script, and the folder that it is run in. */
export interface Step {
  readonly at: string
  readonly code: string
}

/** What a process of `node` gives for a script. */
export function node(script: string, ...options: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync('node', [script, ...options], {
    encoding: 'utf8',
    timeout: 170_000,
  })
  return { status, text: stdout + stderr }
}

const BEFORE = `import { main } from ${JSON.stringify(resolve('dist/cli/program.js'))}
const run = async argv => {
  const code = await main(argv)
  if (code !== 0) throw new Error(\`oxbow \${argv.join(' ')}: exit code \${code}\`)
}`

/**
 * Does steps one after the other in one process, since starting and warming one up takes longer than most of them. Says
 * where each is, so that the last one named is the one that failed.
 *
 * @param folder  inside the package, so that `import ... from 'oxbow'` finds it
 * @returns what was printed
 */
export function inOneProcess(folder: string, name: string, steps: readonly Step[]): string {
  const lines = steps.map(({ at, code }) => {
    mkdirSync(join(folder, at), { recursive: true })
    return `console.log(${JSON.stringify(`at ${at}`)}); process.chdir(${JSON.stringify(join(folder, at))})\n${code}`
  })
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, [BEFORE, ...lines].join('\n'))
  const { status, text } = node(file)
  expect(status, text.slice(-2000)).toBe(0)
  return text
}

/** A block with short trainings and few points. */
const shortened = (text: string): string =>
  text.replace(/\bsteps: \d{2,}/g, 'steps: 25').replace(/\bcount: \d{3,}/g, 'count: 100')

/** The step of a block of code. */
export function codeStep(folder: string, at: string, text: string): Step {
  mkdirSync(join(folder, at))
  writeFileSync(join(folder, at, 'block.mjs'), shortened(text))
  return { at, code: `await import('./${at}/block.mjs')` }
}

/** Less work in place of the documented sizes; what is run is otherwise what is written. */
const FEW: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  train: { '--steps': '20', '--batch': '64', '--network.hidden': '32', '--coupling.pairs': '256' },
  evaluate: { '--count': '300' },
  compare: {
    '--seeds': '1',
    '--training.steps': '20',
    '--training.batch': '64',
    '--training.network.hidden': '32',
    '--count': '300',
  },
  features: { '--steps': '20' },
  bench: { '--rounds': '1', '--python': 'no-python', '--only': 'psd-512' },
}

/** The arguments of a command, with less work. */
function shortenedArguments(command: string): string[] {
  const [name, ...rest] = [...command.replace(/^(npx )?oxbow /, '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain,
  )
  // What goes on is as large as it was begun, and a run that is not trained stays so.
  const less = Object.entries(FEW[name] ?? {}).filter(([key]) =>
    key === '--steps' ? !/--steps 0\b/.test(command) : !rest.includes('--resume'),
  )
  const keys = less.map(([key]) => key)
  const kept = rest.filter((word, i) => !keys.includes(word) && !keys.includes(rest[i - 1]))
  return [name, ...kept, ...less.flat()]
}

/** The steps of a block's commands. */
export const commandSteps = (at: string, text: string): Step[] =>
  text
    .trim()
    .split('\n')
    .filter(command => /^(npx )?oxbow /.test(command))
    .map(command => ({ at, code: `await run(${JSON.stringify(shortenedArguments(command))})` }))
