// How soon the command line is there: milliseconds until `--help` is printed, and until the first step of a training is recorded.
//
//   npm run build:cli && node bench/start.mjs        the least and the median of ten; beside, Node alone
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const ROUNDS = 10
const folder = mkdtempSync(join(tmpdir(), 'oxbow-start-'))

const ended = (...args) => {
  const from = performance.now()
  execFileSync(process.execPath, args, { stdio: 'ignore' })
  return performance.now() - from
}

/** Until the first line of a run's log. */
async function firstStep(objective, i) {
  const out = join(folder, `${objective}-${i}`)
  const log = join(out, 'metrics.jsonl')
  const from = performance.now()
  const child = spawn(
    process.execPath,
    [MAIN, 'train', '--objective', objective, '--logEvery', '1', '--out', out],
    {
      stdio: 'ignore',
    },
  )
  const done = new Promise(resolve => child.once('close', resolve))
  while (child.exitCode === null && !(existsSync(log) && statSync(log).size > 0)) {
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  const took = performance.now() - from
  child.kill('SIGKILL')
  await done
  return took
}

const rows = {
  'node -e 0': () => ended('-e', '0'),
  'oxbow --help': () => ended(MAIN, '--help'),
  'oxbow train --help': () => ended(MAIN, 'train', '--help'),
  'the first step of flow-matching': i => firstStep('flow-matching', i),
  'the first step of psd': i => firstStep('psd', i),
}
console.log('| | least, ms | median, ms |\n| --- | ---: | ---: |')
for (const [name, take] of Object.entries(rows)) {
  const times = []
  for (let i = 0; i < ROUNDS; i++) times.push(await take(i))
  times.sort((a, b) => a - b)
  console.log(`| ${name} | ${times[0].toFixed(0)} | ${times[ROUNDS / 2].toFixed(0)} |`)
}
rmSync(folder, { recursive: true })
