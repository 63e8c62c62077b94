import { type Dataset, pictureShape } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { drawAsked } from '../evaluation/asked-rows.ts'
import { toldAsData } from '../evaluation/condition-measure.ts'
import { random } from '../random/random.ts'
import type { SamplingMethod } from '../sampler/names.ts'
import { noiseAt, takeThrough } from '../sampler/sampling.ts'
import { seededNoise } from '../sampler/through.ts'
import type { GuidanceChoice } from '../serialization/guidance.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { startOf } from '../training/source.ts'
import { type ClassSheet, classSheet } from './class-sheet.ts'
import { pictureSheet } from './picture-sheet.ts'
import { strayMarks } from './stray-marks.ts'
import { drawnTexts, TEXTS } from './text-samples.ts'
import type { ComparisonData, SampleSet } from './types.ts'

/** Points drawn in each cell of the grid, and of the data; fewer pictures. */
const DRAWN = 2000
const PICTURES = 25

const countOf = (dataset: Dataset): number =>
  dataset.text ? TEXTS : pictureShape(dataset) ? PICTURES : DRAWN

/** One way from noise to data that is drawn. */
interface Way {
  readonly steps: number
  readonly method: SamplingMethod
  readonly grid: readonly number[]
}

/** The sheet by class of pictures with classes, where maps are told them. */
const sheetOf = (dataset: Dataset, isTold: boolean): ClassSheet | undefined =>
  isTold && pictureShape(dataset) && dataset.labels ? classSheet(dataset.labels.names) : undefined

/** Samples of a map, at all numbers of steps from the same noise, which other maps of such data begin from too. */
export async function drawSamples(
  map: LoadedMap,
  seen: StandardizedDataset,
  ways: readonly Way[],
  seed: number,
  guidance?: GuidanceChoice,
): Promise<SampleSet[]> {
  const image = pictureShape(seen)
  const sheet = sheetOf(seen, map.condition?.kind === 'class')
  const count = countOf(seen)
  const noise = sheet?.noise(map.dimension, seed)
  const begin =
    noise && map.source === undefined
      ? (t: number) => noiseAt(map, noise, t)
      : await startOf(map, sheet ? sheet.classes.length : count, seed)
  const given = sheet ? map.given({ class: sheet.classes }) : toldAsData(map, seen, count, seed)
  const told = guidance ? given.guided(guidance) : given
  const isDotted = !image && map.condition?.kind === 'class'
  const classes = isDotted ? drawAsked('class', seen, count, seed).values : undefined
  const samples: SampleSet[] = []
  for (const { steps, method, grid } of ways) {
    const points = await takeThrough(told, { method }, begin(grid[0]), grid, seededNoise(method, seed))
    const strays = strayMarks(seen, points)
    const picture = image && (await pictureSheet(points, image, sheet?.side))
    const texts = drawnTexts(seen, points)
    samples.push({
      ...{ steps, points, strays },
      ...(classes && { classes }),
      ...(picture && { picture }),
      ...(texts && { texts }),
    })
  }
  return samples
}

type Drawn = Pick<
  ComparisonData,
  'reference' | 'referencePicture' | 'referenceTexts' | 'referenceClasses' | 'classNames' | 'sheetClasses'
>

/** Data to draw beside samples: a cloud, pictures, or pictures by class where maps are told classes. */
export async function drawReference(dataset: Dataset, isTold: boolean, seed: number): Promise<Drawn> {
  const image = pictureShape(dataset)
  const sheet = sheetOf(dataset, isTold)
  const reference = sheet ? sheet.real(dataset, seed) : new Float32Array(countOf(dataset) * dataset.dimension)
  const names = isTold && !image ? dataset.labels?.names : undefined
  const classes = names && new Float32Array(reference.length / dataset.dimension)
  if (!sheet) dataset.sample(random(seed, 'report'), reference, classes)
  const texts = drawnTexts(dataset, reference)
  return {
    reference,
    ...(texts && { referenceTexts: texts }),
    ...(classes && { referenceClasses: classes, classNames: names }),
    ...(image && { referencePicture: await pictureSheet(reference, image, sheet?.side) }),
    ...(sheet && { sheetClasses: sheet.names }),
  }
}
