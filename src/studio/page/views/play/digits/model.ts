import { signal } from '@preact/signals'
import type { PictureTraits } from '../../../../engine/pictures/map.ts'
import shipped from '../../../../example/digits.safetensors?url'
import { type PictureClient, startPictures } from '../../../connection/pictures-client.ts'
import { state, update } from '../../../state/store.ts'

/** A model that draws. */
export interface OpenedModel {
  /** What it is called in the page. */
  readonly name: string
  /** Whether it is the one that comes with the page. */
  readonly shipped: boolean
  /** Differs from that of every other, so that no answer is taken for another's. */
  readonly key: string
  readonly traits: PictureTraits
}

export const model = signal<OpenedModel | null>(null)
/** Why there is none, in a line. */
export const modelProblem = signal<string | null>(null)

let client: PictureClient | null = null
let opened = 0

export const pictures = (): PictureClient => (client ??= startPictures())

async function fetchShipped(): Promise<Uint8Array> {
  const response = await fetch(shipped).catch(() => null)
  if (!response?.ok)
    throw new Error('The digit model could not be loaded; check the connection, then reload the page.')
  return new Uint8Array(await response.arrayBuffer())
}

/** Draws with another model from now on. */
export async function draw(name: string, bytes: Promise<Uint8Array>, shipped = false): Promise<void> {
  modelProblem.value = null
  const own = ++opened
  try {
    const traits = await pictures().open(name, await bytes)
    if (own === opened) model.value = { name, shipped, key: `model ${own}`, traits }
  } catch (error) {
    if (own === opened) modelProblem.value = (error as Error).message
  }
}

/** The model that comes with the page, which is fetched when its view is first shown. */
export const drawShipped = (): Promise<void> => draw('the one that comes with the page', fetchShipped(), true)

type Choice = typeof state.value.digits

/** Changes what the link says of the digits. */
export const choose = (change: Partial<Choice>): void =>
  update({ digits: { ...state.value.digits, ...change } })

/** Numbers of a picture. */
export const dimensionOf = ({ shape: [height, width, channels] }: PictureTraits): number =>
  height * width * channels

/** The seed of noise that nobody has seen. */
export const newSeed = (): number => Math.floor(Math.random() * 1e6)

const within = (value: number, [low, high]: readonly [number, number]): number =>
  Math.min(high, Math.max(low, value))

/** Scale of a map that is told one, where nothing is chosen. */
const USUAL = 2

/** The class and the scale that are chosen, as far as a model knows them. */
export function chosen({ classes, scales }: PictureTraits): {
  readonly class: number | null
  readonly scale: number | null
} {
  const { class: place, scale } = state.value.digits
  return {
    class: place !== null && place < classes.length ? place : null,
    scale: scales && within(scale ?? USUAL, scales),
  }
}
