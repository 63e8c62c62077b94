import { join } from 'node:path'
import { generatedDataset } from '../config/dataset.ts'
import { prepareMetrics } from '../metric/prepare.ts'
import { formatNumber, plural } from '../report/format.ts'
import { paths } from '../serialization/run.ts'
import { rootMeanSquare } from '../steering/invert.ts'
import type { InversionName, ReturnName } from '../steering/names.ts'
import { writeOutput } from './output-file.ts'
import { outputOf } from './sample-file.ts'
import {
  checkFinite,
  inData,
  inversionFor,
  type MapFlags,
  readFor,
  returnFor,
  saysRoundTrip,
  toData,
  toNoise,
  withMap,
} from './steering-map.ts'

interface InvertFlags extends MapFlags {
  readonly data: string
  readonly method?: InversionName
  readonly back?: ReturnName
  readonly steps?: number
  readonly seed: number
  readonly out?: string
  readonly json?: boolean
}

/** How far points are from standard normal noise, beside what as much noise is. */
function noiseLaw(noise: Float32Array, dimension: number, seed: number) {
  const count = noise.length / dimension
  if (count < 2) return undefined
  const normal = generatedDataset({ gaussian: { mean: new Array<number>(dimension).fill(0), std: 1 } })
  const measures = prepareMetrics(normal, { count, seed, names: ['energyDistance'] })
  return {
    value: measures.estimate(noise).energyDistance.value,
    floor: measures.floors.energyDistance.value,
  }
}

/** `oxbow invert`. */
export async function invertCommand(path: string, flags: InvertFlags): Promise<void> {
  const { data, steps, seed, out, json } = flags
  const output = outputOf(path, out, 'invert', () => join(paths(path).samples, 'inverted.csv'))
  await withMap(path, flags, async ({ map, runtime, evaluations }) => {
    const { own, seen, columns } = await readFor(path, data, map)
    const method = inversionFor(map, flags.method)
    const back = returnFor(path, map, flags.back)
    const { noise, missed } = await toNoise(map, runtime, seen, method, { steps, seed })
    checkFinite(path, noise)
    const { dimension } = map
    const again = inData(map, await toData(map, noise, { back, steps }))
    const roundTrip = rootMeanSquare(again, own, dimension)
    const law = noiseLaw(noise, dimension, seed)
    const title = `${path}: noise of ${data}`
    const content = await output.encode(noise, { dimension, columns, title })
    const say = writeOutput(output.file, content, out === undefined)
    const count = own.length / dimension
    const found = {
      file: output.file,
      count,
      method,
      back,
      roundTrip,
      evaluations,
      noiseLaw: law ?? null,
      ...(missed !== undefined && { missed }),
    }
    if (json) return say(JSON.stringify(found))
    const number = (value: number) => formatNumber(value, 4)
    say(`${output.file}: noise of ${plural(count, 'point')}, by ${method}`)
    say(saysRoundTrip(`round trip, back by ${back}`, roundTrip))
    if (law)
      say(`noise law: energy distance to normal ${number(law.value)}, of as much noise ${number(law.floor)}`)
    say(`cost of a point: ${formatNumber(evaluations.forward / count, 1)} forward, the way back counted`)
    if (missed) say(`no noise was found of ${formatNumber(100 * missed, 1)} % of the points`)
  })
}
