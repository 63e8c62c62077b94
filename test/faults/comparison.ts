import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { newestIntact } from '../../src/serialization/checkpoint.ts'
import { isRun, paths, readMetrics, readRecord } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { isDone } from '../../src/sweep/done.ts'
import { from, localRun } from '../../src/sweep/job.ts'
import { readTable } from '../../src/sweep/table.ts'
import { documentOf, run, runHere } from '../helpers/cli.ts'
import type { Change } from './record.ts'
import { inFolder, nameOf, statesOf } from './states.ts'

const SMALL = ['--training.steps', '20', '--training.batch', '16', '--training.network.hidden', '8']
const STEPS = 20

/** A comparison of one run. */
export const comparison = (out: string): string[] => [
  ...['compare', '--data', 'ring', '--objectives', 'psd', ...SMALL, '--count', '200', '--steps', '1'],
  ...['--out', out],
]

/** Every file below a folder that is not there only while another is written. */
function* filesBelow(at: string): Generator<string> {
  for (const name of readdirSync(at)) {
    if (name.startsWith('.')) continue
    const path = join(at, name)
    if (statSync(path).isDirectory()) yield* filesBelow(path)
    else yield path
  }
}

/** Checks that every file can be read, and that a run has no model without its checkpoint and its log. */
function expectWhole(at: string): void {
  for (const path of filesBelow(at)) {
    if (path.endsWith('.json')) JSON.parse(readFileSync(path, 'utf8'))
    if (path.endsWith('.safetensors')) decodeSafetensors(readFileSync(path), path)
    if (path.endsWith('.html')) expect(readFileSync(path, 'utf8')).toContain('</html>')
    if (!path.endsWith('/config.json')) continue
    const run = path.slice(0, -'/config.json'.length)
    if (!isRun(run)) continue
    expect(readRecord(run).intact).toBe(true)
    const { checkpoint, damaged } = newestIntact(run)
    expect(damaged).toEqual([])
    const steps = readMetrics(run).map(({ step }) => step)
    if (existsSync(paths(run).onnx)) expect([checkpoint?.step, steps.at(-1)]).toEqual([STEPS, STEPS])
  }
}

/** Whether the run was measured before a change, and that was on the disk: it is done. */
const isMeasured = (changes: readonly Change[], after: number): boolean =>
  changes.slice(0, after).some((change, i) => {
    if (change.kind !== 'rename' || !change.to.endsWith('/evaluation.json')) return false
    const folder = change.to.slice(0, change.to.lastIndexOf('/'))
    return changes.slice(i + 1, after).some(({ kind, path }) => kind === 'sync' && path === folder)
  })

/** Of the states, one in so many is listed by the command. */
const LISTED = 10

interface Listing {
  readonly done: number
}

interface Table {
  readonly rows: unknown[]
}

/** What was found in the states of a comparison's folder. */
export interface Found {
  readonly states: number
  readonly continued: number
  readonly problems: readonly string[]
}

/**
 * Opens every state in which a command can have left a comparison, and sees what is done of it; of some it lists the jobs by the
 * command, and goes on from some of these.
 *
 * @param every  of the states that are listed, one in so many is brought to its end
 * @param rows  of the table that a comparison gives that was not stopped
 */
export async function checkStates(
  changes: readonly Change[],
  root: string,
  scratch: string,
  { every, rows }: { readonly every: number; readonly rows: unknown[] },
): Promise<Found> {
  const table = readTable(root)
  const problems: string[] = []
  let [states, continued] = [0, 0]
  for (const state of statesOf(changes, root)) {
    states++
    await inFolder(state.tree, scratch, async at => {
      try {
        expectWhole(at)
        const done = table.jobs.filter(job => isDone(localRun(job, at, from(table.base)), table.request))
        if (isMeasured(changes, state.after)) expect(done, 'jobs that are done').toHaveLength(1)
        if (states % LISTED !== 0) return
        const listed = documentOf(await runHere([...comparison(at), '--print', '--json'])) as Listing
        expect(listed.done).toBe(done.length)
        if (states % (LISTED * every) !== 0) return
        continued++
        const again = await run([...comparison(at), '--jobs', '1', '--json'])
        expect(again.code, again.stderr).toBe(0)
        expect((documentOf(again) as Table).rows).toEqual(rows)
        expectWhole(at)
      } catch (error) {
        problems.push(`${nameOf(state)}: ${(error as Error).message.slice(0, 400)}`)
      }
    })
  }
  return { states, continued, problems }
}

/** The rows of the comparison's table, where nothing stops it. */
export async function straightRows(out: string): Promise<unknown[]> {
  const { rows } = documentOf(await run([...comparison(out), '--jobs', '1', '--json'])) as Table
  expect(rows.length).toBeGreaterThan(0)
  return rows
}
