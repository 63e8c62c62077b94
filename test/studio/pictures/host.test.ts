import { expect, test } from 'vitest'
import type { UserConfig } from '../../../src/config/index.ts'
import { nodeRuntime } from '../../../src/runtime/node.ts'
import { decodeModelFile } from '../../../src/serialization/model.ts'
import { pictureHost, SHEET_EVERY } from '../../../src/studio/engine/pictures/host.ts'
import { PictureTraining } from '../../../src/studio/engine/pictures/training.ts'
import type { Report } from '../../../src/studio/engine/protocol.ts'
import { until } from '../../helpers/cli.ts'
import { small } from '../../helpers/pictures.ts'

const run = 'pictures'

/** A host whose training is small, and what it reports. */
function start(change: UserConfig = {}) {
  const reports: Report[] = []
  const tell = pictureHost(nodeRuntime(), 'test', report => reports.push(report), {
    open: engine => PictureTraining.open(engine, { ...small, diagonal: { fraction: 0.5 }, ...change }),
  })
  const all = <T extends Report['type']>(type: T) =>
    reports.flatMap(each => (each.type === type ? [each as Extract<Report, { type: T }>] : []))
  return { tell, reports, all, sheets: () => all('pictures').filter(({ sheet }) => sheet) }
}

const steps = SHEET_EVERY + 30

test('a training on pictures shows a sheet every so many steps, stops, goes on and ends', async () => {
  const { tell, all, sheets } = start({ steps })
  await tell({ type: 'open-pictures', run })
  expect(all('ready')).toEqual([{ type: 'ready', engine: 'test' }])
  expect(all('pictures')[0]).toMatchObject({ step: 0, steps, playing: true, line: null })
  await until(() => (all('pictures').at(-1)?.step ?? 0) > 0, 'it trains')
  await tell({ type: 'pause', run })
  const stopped = all('pictures').at(-1)!
  expect(stopped.playing).toBe(false)
  await new Promise(resolve => setTimeout(resolve, 100))
  expect(all('pictures').at(-1)!.step).toBe(stopped.step)
  await tell({ type: 'play', run })
  await until(() => all('pictures').at(-1)!.step === steps, 'it ends')
  expect(all('pictures').at(-1)).toMatchObject({ playing: false })
  expect(sheets().map(({ step }) => step)).toEqual([0, SHEET_EVERY, steps])
  const [first, , last] = sheets().map(({ sheet }) => sheet!)
  expect(first.pixels).toHaveLength(10 * first.columns * 256)
  // The same noise, and another map.
  expect(first.pixels).not.toEqual(last.pixels)
  // What has ended does not play again.
  await tell({ type: 'play', run })
  expect(all('pictures').at(-1)).toMatchObject({ step: steps, playing: false })
  expect(all('refused')).toEqual([])
  await tell({ type: 'close', run })
})

test('a training on pictures gives its model, and refuses what is for points of the plane', async () => {
  const { tell, all } = start({ steps: 2 })
  await tell({ type: 'open-pictures', run })
  await tell({ type: 'ask', run, id: 4, name: 'file', ask: { format: 'safetensors', weights: 'ema' } })
  const [{ id, answer }] = all('answer')
  const { config, data } = decodeModelFile(answer as Uint8Array, 'answer')
  expect([id, config.network.kind, data.shape]).toEqual([4, 'dit', [16, 16, 1]])
  await tell({ type: 'ask', run, id: 5, name: 'residuals', ask: { levels: 4, weights: 'ema' } })
  await tell({ type: 'step', run, steps: 1 })
  await tell({ type: 'close', run })
  await tell({ type: 'play', run })
  expect(all('refused')).toMatchObject([
    { id: 5, message: 'residuals: training on pictures only answers requests for its file' },
    { id: null, message: 'step: not available when training on pictures' },
    { id: null, message: 'pictures: no such training', ended: true },
  ])
})

test('one that diverges stops and says so', async () => {
  const { tell, all } = start({ steps: 100, optimizer: { learningRate: 1e30 } })
  await tell({ type: 'open-pictures', run })
  await until(() => all('refused').length > 0, 'it is refused')
  expect(all('refused')[0].message).toMatch(/^the training diverged at step \d+/)
  await until(() => all('pictures').at(-1)?.playing === false, 'it stands still')
})
