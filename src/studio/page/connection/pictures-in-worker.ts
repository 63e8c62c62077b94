import {
  type Drawing,
  openPictureMap,
  type PictureMap,
  type PictureTraits,
} from '../../engine/pictures/map.ts'
import type { PictureGoal, PictureSteering, SteeredPicture } from '../../engine/pictures/steering.ts'
import { loadRuntime } from './load-runtime.ts'
import type { Start } from './start.ts'

/** What the page asks of the worker that draws pictures, and what each is answered with. */
export interface PictureQuestions {
  /** The model of a file, in the place of the one before. */
  open: { ask: { name: string; bytes: Uint8Array }; answer: PictureTraits }
  /** Pictures, and how many milliseconds the map took. */
  draw: { ask: Drawing; answer: { points: Float32Array; milliseconds: number } }
  /** One picture that is steered. */
  steer: { ask: PictureSteering; answer: SteeredPicture }
  /** The class that a classifier reads in each picture, by its place. */
  read: { ask: { points: Float32Array; classifier: Uint8Array }; answer: number[] }
  /** Probabilities of a class of pictures to a classifier. */
  judge: { ask: { points: Float32Array; goal: ClassGoal }; answer: Float32Array }
}
export type ClassGoal = Extract<PictureGoal, { kind: 'class' }>
export type PictureQuestion = keyof PictureQuestions

export interface PictureRequest<Q extends PictureQuestion = PictureQuestion> {
  readonly type: Q
  readonly id: number
  readonly ask: PictureQuestions[Q]['ask']
}

/** Without `id` where nothing can be asked. */
export type PictureReply =
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'refused'; readonly id: number | null; readonly message: string }

const send = (reply: PictureReply): void => self.postMessage(reply)

/** Draws pictures for the page that a worker belongs to. @returns takes its requests */
export function begin(start: Start): (request: PictureRequest) => void {
  const loaded =
    'files' in start
      ? loadRuntime(start.files, start.wanted, () => {})
      : Promise.reject(new Error(start.refusal))
  let current: Promise<PictureMap> = Promise.reject(new Error('no model is open'))
  // Each is refused when it is asked for.
  for (const each of [loaded, current]) each.catch(() => {})

  const answers: {
    [Q in PictureQuestion]: (ask: PictureQuestions[Q]['ask']) => Promise<PictureQuestions[Q]['answer']>
  } = {
    open: async ({ name, bytes }) => {
      const next = await openPictureMap(name, bytes, (await loaded).engine)
      const before = current
      current = Promise.resolve(next)
      await before.then(
        map => map.close(),
        () => {},
      )
      return next.traits
    },
    draw: async drawing => {
      const map = await current
      const start = performance.now()
      const points = await map.draw(drawing)
      return { points, milliseconds: performance.now() - start }
    },
    steer: async steering => (await current).steer(steering),
    read: async ({ points, classifier }) => (await current).read(points, classifier),
    judge: async ({ points, goal }) => (await current).judge(points, goal),
  }

  return ({ type, id, ask }) => {
    answers[type](ask as never).then(
      answer => send({ type: 'answer', id, answer }),
      (error: Error) => send({ type: 'refused', id, message: error.message }),
    )
  }
}
