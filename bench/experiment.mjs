import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** Runs a command of `oxbow`. @returns what it printed @throws Error when it fails */
function oxbow(...args) {
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`oxbow ${args[0]} ended with ${status}`)
  return stdout
}

/** What an evaluation says of each metric, as it is kept: its value and its floor. */
export const keptMetrics = metrics =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, { value, floor }]) => [name, { value, floor: floor ?? null }]),
  )

/**
 * Measures every row of some parts that has no result yet, seed by seed, so that every row has one before any has two.
 *
 * @param measured  of a part, a row and a seed; one that throws has failed, and that is its result
 */
export function measureRows({ chosen, results, keep, most }, { parts, seeds }, measured) {
  for (const seed of seeds.slice(0, most)) {
    for (const part of chosen) {
      for (const row of parts[part].rows) {
        const key = `${part}/${row.name}/${seed}`
        if (results[key]) continue
        console.error(key)
        try {
          keep(key, measured(part, row, seed))
        } catch (error) {
          // A training that diverges to numbers that are not finite stops.
          keep(key, { failed: String(error.message) })
        }
      }
    }
  }
}

/**
 * An experiment whose results are kept in `docs/NAME.json`, key by key, so that it goes on where it was stopped; its runs are in
 * `runs/NAME`. Ends the process where the command line names a part that there is not.
 *
 * @param known  names of its parts
 * @returns the parts that were asked for, all of them where none was; whether the page alone is to be written; and how many seeds at most
 */
export function experiment(name, known) {
  const file = join(ROOT, 'docs', `${name}.json`)
  const asked = process.argv.slice(2)
  const seeds = asked.find(word => /^--seeds=[1-9]$/.test(word))
  const unknown = asked.find(word => !known.includes(word) && word !== '--report' && word !== seeds)
  if (unknown) {
    console.error(`${name}: no part ${unknown}; known: ${known.join(', ')}, --report, --seeds=1 to 9`)
    process.exit(2)
  }
  const parts = asked.filter(word => known.includes(word))
  const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  function keep(key, value) {
    // Parts may run beside each other.
    if (existsSync(file)) Object.assign(results, JSON.parse(readFileSync(file, 'utf8')))
    results[key] = value
    writeFileSync(`${file}.pending`, `${JSON.stringify(results, null, 1)}\n`)
    renameSync(`${file}.pending`, file)
  }
  return {
    ...{ ROOT, OUT: join(ROOT, 'runs', name), results, keep, oxbow },
    chosen: parts.length > 0 ? parts : known,
    isReport: asked.includes('--report'),
    most: seeds ? Number(seeds.split('=')[1]) : undefined,
  }
}
