// What training adds to the compiled step: drawing, logging, checkpoints. Alternates, so that a busy moment hits both.
// npm run build && node bench/overhead.mjs [objective]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, openStep } from '../dist/cli/bench/own.js'
import { train } from '../dist/index.js'

const ROUNDS = 7
const STEPS = 2000
const objective = process.argv[2] ?? 'psd'
// As `openStep` builds it.
const plain = { network: { frequencies: 8 }, optimizer: { clip: null }, loss: { adaptive: null } }

const step = await openStep({ objective, batch: 512 })
const [bare, whole] = [[], []]
for (let round = 0; round < ROUNDS; round++) {
  bare.push(await step.time(STEPS))
  const directory = mkdtempSync(join(tmpdir(), 'oxbow-overhead-'))
  const result = await train({ objective, steps: STEPS, ...plain }, { directory })
  whole.push(result.msPerStep)
  rmSync(directory, { recursive: true })
}
await step.close()
const ratios = whole.map((ms, i) => ms / bare[i])
console.log(
  `${objective}: step ${median(bare).toFixed(2)} ms, training ${median(whole).toFixed(2)} ms per step, ` +
    `overhead ${(100 * (median(ratios) - 1)).toFixed(1)}% (median of ${ROUNDS} pairs)`,
)
