/**
 * Trains the model that the studio's page shows before anyone waits, and writes it to `ring.ts`:
 * `npm run build && node src/studio/example/make.mjs`. It takes a few minutes.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { prepareMetrics } from '../../../dist/metric/prepare.js'
import * as engine from '../../../dist/runtime/node.js'
import { drawNoise } from '../../../dist/sampler/sampler.js'
import { toText } from '../../../dist/studio/engine/bytes.js'
import { Session } from '../../../dist/studio/engine/session.js'
import { fromHalves, toHalves } from '../../../dist/studio/example/half.js'
import { freshPlan } from '../../../dist/studio/plan.js'

const COUNT = 10_000
const stage = (learningRate, steps) => ({ objective: 'lsd', learningRate, steps, keep: true })
const stages = [stage(1e-3, 12_000), stage(3e-4, 6000), stage(1e-4, 4000)]
const plan = { ...freshPlan, batch: 1024, stages }

const session = await Session.open(engine, plan)
const measures = prepareMetrics(session.dataset, { count: COUNT, names: ['slicedWasserstein'] })
const distance = async map =>
  measures.evaluate(await map.jump(drawNoise(COUNT, 2, 0), 1, 0)).slicedWasserstein
for (const [i, next] of stages.entries()) {
  if (i > 0) await session.change(next)
  while (session.plan.stages[i].steps < next.steps) {
    const failure = await session.advance(next.steps)
    if (failure) throw new Error(`step ${failure.step}: not finite`)
  }
  console.log(`${session.step} steps: ${(await distance(session.map())).toFixed(3)}`)
}

const bytes = toHalves(session.parameters())
session.parameters().set(fromHalves(bytes))
const value = await distance(session.map())
await session.close()
const floor = measures.floors.slicedWasserstein.value
console.log(`with 16 bits a number: ${value.toFixed(3)}, floor ${floor.toFixed(3)}`)

const text = `import type { Plan } from '../plan.ts'

// Written by \`make.mjs\`; not to be changed by hand.

/** How the example was trained. */
export const trainedBy: Plan = ${JSON.stringify(plan)}

/** Sliced Wasserstein distance of ${COUNT} samples in one step, and its floor. */
export const distance = { value: ${value.toFixed(3)}, floor: ${floor.toFixed(3)} }

/** Its averaged parameters, 16 bits each, in base64url. */
export const weights =
  '${toText(bytes)}'
`
writeFileSync(fileURLToPath(new URL('ring.ts', import.meta.url)), text)
