import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { encodeNpy } from '../data/npy.ts'
import { scatter } from '../report/braille.ts'
import { toPlane } from '../report/points.ts'
import { drawNoise, jumpThrough, uniformGrid } from '../sampler/sampler.ts'
import { type MethodName, stepper } from '../training/evaluate.ts'
import { writeFileAtomic } from '../training/files.ts'
import { load } from '../training/load.ts'
import type { WeightsName } from '../training/model.ts'
import { paths, RunError } from '../training/run.ts'
import { UsageError } from './failure.ts'
import { columns, print, printJson } from './terminal.ts'

interface SampleFlags {
  readonly steps: number
  readonly count: number
  readonly seed: number
  readonly out?: string
  readonly method: MethodName
  readonly weights: WeightsName
  readonly json?: boolean
}

/** The fewest digits that give the same float32 again. */
const shortest = (value: number): string => String(Number(value.toPrecision(9)))

function encodeCsv(points: Float32Array, dimension: number): Uint8Array {
  const header = Array.from({ length: dimension }, (_, i) => `x${i}`).join(',')
  const rows = Array.from({ length: points.length / dimension }, (_, i) =>
    Array.from(points.subarray(i * dimension, (i + 1) * dimension), shortest).join(','),
  )
  return Buffer.from(`${[header, ...rows].join('\n')}\n`)
}

type Encoder = (points: Float32Array, dimension: number, title: string) => Promise<Uint8Array>

const svg = async (points: Float32Array, dimension: number, title: string): Promise<string> => {
  const { scatterPlot } = await import('../report/plots.ts')
  return scatterPlot(toPlane(points, dimension), { title, width: 480 })
}

const ENCODERS: Readonly<Record<string, Encoder>> = {
  '.csv': async (points, dimension) => encodeCsv(points, dimension),
  '.npy': async (points, dimension) =>
    encodeNpy({ shape: [points.length / dimension, dimension], data: points }),
  '.svg': async (points, dimension, title) => Buffer.from(await svg(points, dimension, title)),
  '.png': async (points, dimension, title) => {
    const { svgToPng } = await import('../report/plots.ts')
    return svgToPng(await svg(points, dimension, title))
  },
}

function outputFile(path: string, { out, steps, seed }: SampleFlags): string {
  if (out === undefined) {
    if (!existsSync(path)) throw new RunError(`${path}: no such run or model`)
    if (existsSync(path) && statSync(path).isDirectory()) {
      return join(paths(path).samples, `steps-${steps}-seed-${seed}.csv`)
    }
    throw new UsageError(`--out is needed to sample ${path}, e.g. --out samples.csv`)
  }
  if (!(extname(out) in ENCODERS)) {
    throw new UsageError(`--out ${out}: expected a name ending in ${Object.keys(ENCODERS).join(', ')}`)
  }
  return out
}

/** `oxbow sample`. */
export async function sampleCommand(path: string, flags: SampleFlags): Promise<void> {
  const { steps, count, seed, method, weights, json } = flags
  const file = outputFile(path, flags)
  const map = await load(path, { weights })
  const points = await jumpThrough(
    stepper(map, method),
    drawNoise(count, map.dimension, seed),
    uniformGrid(steps),
  )
  await map.close()
  const title = `${path}: ${steps} ${method} step${steps === 1 ? '' : 's'}`
  const bytes = await ENCODERS[extname(file)](points, map.dimension, title)
  mkdirSync(dirname(file), { recursive: true })
  writeFileAtomic(dirname(file), file, bytes)
  if (json) return printJson({ file, count, dimension: map.dimension, steps, method, seed })
  print(`${file}: ${count} points, ${steps} ${method} step${steps === 1 ? '' : 's'}`)
  if (process.stdout.isTTY) {
    print(scatter(toPlane(points, map.dimension), { width: Math.min(columns(), 48), title }))
  }
}
