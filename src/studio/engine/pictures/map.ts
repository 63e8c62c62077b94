import type { Runtime } from '../../../runtime/runtime.ts'
import { sample } from '../../../sampler/sampling.ts'
import type { LoadedMap } from '../../../serialization/loaded-map.ts'
import { decodeModelFile, type Model } from '../../../serialization/model.ts'
import { mapOfModel } from '../../../serialization/model-map.ts'
import { RunError } from '../../../serialization/run-error.ts'
import {
  judgePictures,
  type PictureGoal,
  type PictureSteering,
  readPictures,
  type SteeredPicture,
  steerPicture,
} from './steering.ts'

/** What there is to know of a map of pictures before it draws one. */
export interface PictureTraits {
  /** Of a picture, with one channel (grey) or three (red, green, blue). */
  readonly shape: readonly [height: number, width: number, channels: number]
  /** Names of the classes that it is told; none where it is told none. */
  readonly classes: readonly string[]
  /** Lowest and highest guidance scale that it is told; null where it is told none. */
  readonly scales: readonly [number, number] | null
  /** The one scale that it was trained at; null where there is no such. */
  readonly baked: number | null
  readonly data: string
  readonly objective: string
  readonly parameters: number
}

/** Pictures on their way from noise, and how they go on. */
export interface Drawing {
  /** `[n, D]` at the first time of the grid. */
  readonly points: Float32Array
  readonly grid: readonly number[]
  /** `auto` is what the map was trained for; `euler` follows its velocity. */
  readonly method: 'auto' | 'euler'
  /** Of each picture, by its place; null for the data as a whole. */
  readonly classes: readonly number[] | null
  /** Guidance, where the map is told scales. */
  readonly scale: number | null
}

/** A map that draws pictures. Close it when done. */
export interface PictureMap {
  readonly traits: PictureTraits
  /** Pictures `[n, D]` at the last time of the grid: at 0 numbers of the data, 0 to 255 and a little beyond. */
  draw(drawing: Drawing): Promise<Float32Array>
  /** One picture that is steered, without a class. @throws RunError when it cannot be steered so */
  steer(steering: PictureSteering): Promise<SteeredPicture>
  /** The class that a classifier reads in each picture, by its place. @throws RunError when it knows other pictures */
  read(points: Float32Array, classifier: Uint8Array): Promise<number[]>
  /** Probabilities of a class to a classifier. */
  judge(points: Float32Array, goal: Extract<PictureGoal, { kind: 'class' }>): Promise<Float32Array>
  close(): Promise<void>
}

/** @throws RunError when the map is not of pictures, or is told what the page has no choice for */
function traitsOf(name: string, { data, parameters }: Model, map: LoadedMap): PictureTraits {
  const { shape, condition, guidance, objective = '' } = map
  const [height, width, channels] = shape
  if (shape.length !== 3 || (channels !== 1 && channels !== 3)) {
    throw new RunError(
      `${name}: expected a map of grey or coloured pictures, found points of shape [${shape.join(', ')}]`,
    )
  }
  if (condition && condition.kind !== 'class') {
    throw new RunError(
      `${name}: needs a ${condition.kind} for each picture, but the page only supports classes`,
    )
  }
  return {
    shape: [height, width, channels],
    classes: condition?.names ?? [],
    scales: guidance.applied === 'input' ? guidance.range : null,
    baked: guidance.applied === 'baked' ? guidance.scale : null,
    data: data.name,
    objective,
    parameters: parameters.length,
  }
}

/**
 * The map of a model of pictures.
 *
 * @param name  of it, in messages
 * @throws RunError when it is of something else
 */
export async function pictureMap(name: string, model: Model, runtime: Runtime): Promise<PictureMap> {
  const map = await mapOfModel(name, model, runtime)
  try {
    return {
      traits: traitsOf(name, model, map),
      draw: async ({ points, grid, method, classes, scale }) => {
        const told = classes === null ? map : map.given({ class: classes })
        const guided = scale === null ? told : told.guided({ scale })
        return (await sample(guided, points, { grid, method })).points
      },
      steer: steering => steerPicture(map, runtime, steering),
      read: (points, classifier) => readPictures(map, runtime, points, classifier),
      judge: (points, goal) => judgePictures(map, runtime, points, goal),
      close: map.close,
    }
  } catch (error) {
    await map.close()
    throw error
  }
}

/** The same from the bytes of a `.safetensors` file. @throws RunError when it is damaged or of something else */
export const openPictureMap = (name: string, bytes: Uint8Array, runtime: Runtime): Promise<PictureMap> =>
  pictureMap(name, decodeModelFile(bytes, name), runtime)
