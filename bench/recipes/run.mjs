// Measures the default recipe against single objectives, then writes docs/recipes.md.
//
//   npm run recipes                    everything that is missing, about two hours on two cores
//   npm run recipes -- short ring      one kind of comparison, one target
//
// Stop it at any time: the same command goes on where it was. Runs are in runs/recipes.
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compare } from '../compare.mjs'
import { writeHeart } from './heart.mjs'
import { comparisonsOf, TARGETS } from './plan.mjs'
import { writeReport } from './report.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const OUT = join(ROOT, 'runs', 'recipes')
const KINDS = ['short', 'without', 'default']

const asked = process.argv.slice(2)
const unknown = asked.find(name => !TARGETS.includes(name) && !KINDS.includes(name))
if (unknown) {
  console.error(`recipes: no target or kind ${unknown}; known: ${[...KINDS, ...TARGETS].join(', ')}`)
  process.exit(2)
}
const chosen = (list, fallback) => {
  const named = list.filter(name => asked.includes(name))
  return named.length > 0 ? named : fallback
}
mkdirSync(OUT, { recursive: true })
const heart = join(OUT, 'heart.csv')
if (!existsSync(heart)) writeHeart(heart)
for (const kind of chosen(KINDS, KINDS)) {
  for (const target of chosen(TARGETS, TARGETS)) {
    const comparison = comparisonsOf(target, target === 'heart' ? heart : target)[kind]
    if (!comparison) continue
    const name = `${target}-${kind}`
    const config = join(OUT, `${name}.json`)
    writeFileSync(config, `${JSON.stringify(comparison, null, 2)}\n`)
    const result = await compare(ROOT, config, join(OUT, name)).catch(error => {
      console.error(`recipes: ${name}: ${error.message}`)
      process.exit(1)
    })
    const file = join(OUT, `${name}.result.json`)
    writeFileSync(`${file}.pending`, JSON.stringify(result))
    renameSync(`${file}.pending`, file)
  }
}
await writeReport(ROOT, OUT)
