// Trains every objective and some combinations for 50 seeded steps on one thread, and prints the numbers to their last
// digit: what a change of structure must not move.
//
//   npm run build:cli && node bench/numbers/run.mjs > numbers.json
//   node bench/numbers/run.mjs OTHER/dist            the same of another build
//   node bench/numbers/run.mjs --compare A.json B.json
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const STEPS = 50
const base = {
  data: 'ring',
  network: { hidden: 32, layers: 2, frequencies: 4 },
  batch: 128,
  steps: STEPS,
  logEvery: 10,
  seed: 3,
}
const psd = { objective: 'psd' }

/** Combinations beside the rows themselves. */
const VARIANTS = {
  'learned weight': { ...psd, loss: { learned: true } },
  'min-snr': { objective: 'meanflow', loss: { minSnr: 5 } },
  'gap weight': { ...psd, loss: { gapWeight: 1 } },
  'decoupled, adamw, cosine': {
    ...psd,
    network: { ...base.network, conditioning: 'decoupled', injection: 'layers' },
    optimizer: { name: 'adamw', weightDecay: 0.01, clip: 0.5 },
    schedule: { kind: 'cosine', warmup: 5 },
  },
  'no average': { ...psd, ema: 0, target: 'student' },
  trig: { ...psd, interpolant: 'trig' },
  'anchor times': { objective: 'tvm', anchor: { law: 'logit-normal' } },
  'freeflow, clipped': { objective: 'freeflow', teacher: 'exact', optimizer: { clip: 0.1 } },
  heart: { ...psd, data: 'two-moons', loss: { kind: 'pseudo-huber', c: 0.1 }, times: { full: 0.25 } },
  classes: { ...psd, condition: 'class' },
  'classes, exact teacher': { objective: 'lmd', teacher: 'exact', condition: 'class' },
  'one-step': { recipe: 'one-step', teacherTraining: { steps: STEPS } },
}

async function measure(dist) {
  const { objectives, train, load, sample, drawNoise } = await import(
    pathToFileURL(resolve(dist, 'index.js')).href
  )
  const folder = mkdtempSync(join(tmpdir(), 'oxbow-numbers-'))
  const mapTeacher = join(folder, 'map-teacher')
  const velocity = { ...base.network, conditioning: 's' }
  const numbersOf = async (name, config) => {
    const directory = join(folder, name.replaceAll(/[^a-z-]+/g, '-'))
    await train({ ...base, coupling: { pairs: 512 }, ...config }, { directory, threads: 1 })
    const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').trim().split('\n')
    const { stepsPerSecond: _, ...last } = JSON.parse(lines.at(-1))
    const map = await load(directory)
    const { points } = await sample(map, drawNoise(4, 2, 5), { grid: [1, 0] })
    await map.close()
    return { ...last, samples: [...points] }
  }
  try {
    const found = {}
    await train({ ...base, ...psd }, { directory: mapTeacher, threads: 1 })
    for (const [id, { needs, parts, defaults }] of objectives) {
      const teacher = needs.includes('flow-map-teacher')
        ? mapTeacher
        : needs.includes('teacher')
          ? 'exact'
          : null
      found[id] = await numbersOf(id, {
        objective: id,
        teacher,
        network: parts ? base.network : velocity,
        ...(defaults?.guidance && { condition: 'class' }),
      })
    }
    for (const [name, config] of Object.entries(VARIANTS)) found[name] = await numbersOf(name, config)
    return found
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Every number by its place. */
const flat = (value, place = '') =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => flat(inner, `${place}/${key}`))
    : [[place, value]]

function compare(first, second) {
  const [a, b] = [first, second].map(file => new Map(flat(JSON.parse(readFileSync(file, 'utf8')))))
  const places = [...new Set([...a.keys(), ...b.keys()])]
  const other = places.filter(place => a.get(place) !== b.get(place))
  for (const place of other) console.log(`${place}: ${a.get(place)} and ${b.get(place)}`)
  console.log(`${places.length - other.length} of ${places.length} numbers are the same`)
  process.exitCode = other.length > 0 ? 1 : 0
}

const [asked, ...files] = process.argv.slice(2)
if (asked === '--compare') compare(...files)
else console.log(JSON.stringify(await measure(asked ?? 'dist'), null, 1))
