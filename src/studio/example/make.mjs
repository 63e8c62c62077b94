/**
 * Trains the maps that the studio's page shows before anyone waits, by `trained-by.ts`, and writes each to a file of its name, and what is
 * seen of the first to `first-look.ts`: `npm run build:cli && node src/studio/example/make.mjs [NAME ...]`. A map takes a minute or two.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { prepareMetrics } from '../../../dist/metric/prepare.js'
import * as engine from '../../../dist/runtime/node.js'
import { drawNoise } from '../../../dist/sampler/sampler.js'
import { answers } from '../../../dist/studio/engine/answers.js'
import { toText } from '../../../dist/studio/engine/bytes.js'
import { Session } from '../../../dist/studio/engine/session.js'
import { fromHalves, toHalves } from '../../../dist/studio/example/half.js'
import { exampleTargets, trainedBy, trainedOn } from '../../../dist/studio/example/trained-by.js'
import { examplePlan } from '../../../dist/studio/plan.js'

const COUNT = 10_000
/** Samples that the page shows when it is opened. */
const FIRST = 2000
const { stages } = trainedBy

const write = (name, text) => writeFileSync(fileURLToPath(new URL(name, import.meta.url)), text)
const HEAD = '// Written by `make.mjs`; not to be changed by hand.\n'
const number = each => Number(each.toFixed(4))

async function make(target) {
  const session = await Session.open(engine, trainedOn({ kind: 'built-in', name: target }))
  const measures = prepareMetrics(session.dataset, { count: COUNT, names: ['slicedWasserstein'] })
  const distance = async map =>
    measures.evaluate(await map.jump(drawNoise(COUNT, 2, 0), 1, 0)).slicedWasserstein
  for (const [i, next] of stages.entries()) {
    if (i > 0) await session.change(next)
    while (session.plan.stages[i].steps < next.steps) {
      const failure = await session.advance(next.steps)
      if (failure) throw new Error(`step ${failure.step}: not finite`)
    }
    console.log(`${target}, ${session.step} steps: ${(await distance(session.map())).toFixed(3)}`)
  }

  const [averaged, raw] = ['ema', 'raw'].map(weights => toHalves(session.parameters(weights)))
  session.parameters().set(fromHalves(averaged))
  const value = await distance(session.map())
  const floor = measures.floors.slicedWasserstein.value
  console.log(`${target}, with 16 bits a number: ${value.toFixed(3)}, floor ${floor.toFixed(3)}`)

  const opening = prepareMetrics(session.dataset, { count: FIRST, names: ['slicedWasserstein'] })
  const samples = await session.map().jump(drawNoise(FIRST, 2, examplePlan.seed), 1, 0)
  const { value: first, low, high } = opening.floors.slicedWasserstein
  const seen = { value: opening.evaluate(samples).slicedWasserstein, floor: first, low, high }
  const off = await answers.strays({ points: samples }, session)
  await session.close()

  write(
    `${target}.ts`,
    `${HEAD}
/** Sliced Wasserstein distance of ${COUNT} samples in one step, and its floor. */
export const distance = { value: ${value.toFixed(3)}, floor: ${floor.toFixed(3)} }

/** Its averaged parameters, 16 bits each, in base64url. */
export const averaged: string =
  '${toText(averaged)}'

/** Those that the last step left. */
export const raw: string =
  '${toText(raw)}'
`,
  )
  if (target !== exampleTargets[0]) return
  write(
    'first-look.ts',
    `${HEAD}
/** Sliced Wasserstein distance of the samples in one step, and what data itself scores: mean and range. */
export const distance = ${JSON.stringify(Object.fromEntries(Object.entries(seen).map(([name, each]) => [name, number(each)])))}

/** Which of the samples are off the data, their share, and that of data itself. */
export const strays = ${JSON.stringify({
      at: [...off.marks.keys()].filter(i => off.marks[i] === 1),
      ...Object.fromEntries(['value', 'floor', 'low', 'high'].map(name => [name, number(off[name])])),
    })}

/** The example's first ${FIRST} samples, 16 bits a coordinate, in base64url. */
export const samples: string =
  '${toText(toHalves(samples))}'
`,
  )
}

for (const target of process.argv.length > 2 ? process.argv.slice(2) : exampleTargets) await make(target)
