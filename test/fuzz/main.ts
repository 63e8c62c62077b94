import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Find } from './job.ts'
import { fuzz, type Outcome, targetNames } from './run.ts'
import { sharesOf } from './shares.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true },
    input: { type: 'string' },
    out: { type: 'string', default: 'runs/fuzz' },
  },
})
const names = values.target ?? targetNames()
const unknown = names.find(name => !targetNames().includes(name))
if (unknown !== undefined) {
  console.error(`--target: ${unknown} is none of ${targetNames().join(', ')}`)
  process.exit(2)
}
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
const out = resolve(values.out)

/** A find, with the files that make it again. */
function tell(target: string, { kind, place, text, input }: Find): void {
  const file = join(out, `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 12)}.bin`)
  writeFileSync(file, input)
  console.log(`\n${target}: ${kind} at input ${place} of seed ${seed}`)
  console.log(`  again: npm run fuzz -- --target ${target} --input ${file}`)
  console.log(text.replace(/^/gm, '  ').split('\n').slice(0, 12).join('\n'))
  if (input.length <= 2000) console.log(`  input: ${Buffer.from(input).toString('base64')}`)
}

/** One find of each kind and place in the sources. */
function distinct(finds: readonly Find[]): Find[] {
  const seen = new Map<string, Find>()
  for (const find of finds) {
    const frame = /\/src\/[^\s)]*/.exec(find.text)?.[0] ?? find.text.slice(0, 80)
    const key = `${find.kind} ${frame}`
    if (!seen.has(key)) seen.set(key, find)
  }
  return [...seen.values()]
}

/** What was done of a target, where an earlier run with the same seed and inputs has left it. */
function doneBefore(file: string): (Omit<Outcome, 'finds'> & { finds: number }) | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

mkdirSync(out, { recursive: true })
let [total, failed] = [0, 0]
const shares = await sharesOf(names, inputs)
for (const name of names) {
  const count = shares.get(name)!
  const file = join(out, `${name}-${seed}-${count}.json`)
  if (values.input !== undefined) {
    const { finds } = await fuzz({ target: name, seed, from: 0, to: 1, files: [resolve(values.input)] })
    for (const find of finds) tell(name, find)
    if (finds.length === 0) console.log(`${name}: no promise is broken`)
    failed += finds.length
    continue
  }
  let summary = doneBefore(file)
  if (!summary) {
    const { finds, ...rest } = await fuzz({ target: name, seed, from: 0, to: count })
    const some = distinct(finds)
    for (const find of some) tell(name, find)
    summary = { ...rest, finds: some.length }
    // What failed is run again the next time.
    if (some.length === 0) writeFileSync(file, JSON.stringify(summary))
  }
  const { done, seconds, finds } = summary
  total += count
  failed += finds
  console.log(
    `${name.padEnd(20)} ${String(count).padStart(8)} inputs ${String(done.read).padStart(8)} read ${String(done.refused).padStart(8)} refused` +
      ` ${String(done.kept).padStart(5)} kept ${String(done.blocks).padStart(6)} blocks ${done.slowest.toFixed(0).padStart(5)} ms slowest` +
      ` ${done.memory.toFixed(0).padStart(5)} MiB ${seconds.toFixed(0).padStart(5)} s${finds > 0 ? ` ${finds} FOUND` : ''}`,
  )
}
if (values.input === undefined) console.log(`${total} inputs, ${failed} found`)
process.exit(failed > 0 ? 1 : 0)
