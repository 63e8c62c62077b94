import { signal } from '@preact/signals'
import type { Sheet } from '../../../../engine/pictures/training.ts'
import type { Report } from '../../../../engine/protocol.ts'
import { pictureMachine } from '../../../connection/backend.ts'
import type { Client } from '../../../connection/client.ts'
import { announce } from '../../../parts/announcements.tsx'
import { draw } from './model.ts'

/** A sheet and where the training was. */
export interface SheetOf {
  readonly step: number
  readonly loss: number | null
  readonly sheet: Sheet
}

/** What is known of the training on the machine. */
export interface Training {
  readonly step: number
  readonly steps: number
  readonly playing: boolean
  /** Nothing trains it any more; what it drew stays. */
  readonly ended: boolean
  readonly stepsPerSecond: number | null
  readonly loss: number | null
  /** From the first on. */
  readonly sheets: readonly SheetOf[]
}

export const training = signal<Training | null>(null)
export const trainingProblem = signal<string | null>(null)
/** Whether it was asked for and has not begun. */
export const beginning = signal(false)

const RUN = 'pictures'
const ENDED =
  'Training stopped because the connection to the machine was lost. Its digits stay; start it again.'
let client: Client | null = null

function receive(report: Report): void {
  if (report.type === 'refused' && report.id === null) {
    const before = beginning.value ? null : training.value
    const isOver = report.ended && before !== null
    trainingProblem.value = isOver ? ENDED : report.message
    beginning.value = false
    if (isOver) training.value = { ...before, playing: false, ended: true }
  }
  if (report.type !== 'pictures') return
  const { step, steps, playing, line, sheet } = report
  const before = beginning.value ? null : training.value
  const loss = line?.loss ?? before?.loss ?? null
  beginning.value = false
  training.value = {
    step,
    steps,
    playing,
    ended: false,
    stepsPerSecond: line?.stepsPerSecond ?? before?.stepsPerSecond ?? null,
    loss,
    sheets: [...(before?.sheets ?? []), ...(sheet ? [{ step, loss, sheet }] : [])],
  }
  if (step === steps && before?.playing) announce('The training on digits has ended')
}

const theClient = (): Client => (client ??= pictureMachine!.connect(receive, () => {}))

/** Begins it from the start. */
export function begin(): void {
  trainingProblem.value = null
  beginning.value = true
  theClient().send({ type: 'open-pictures', run: RUN })
}

export const play = (): void => theClient().send({ type: 'play', run: RUN })
export const pause = (): void => theClient().send({ type: 'pause', run: RUN })

/** Draws everything in the view with the model as it is now. */
export function drawTrained(): void {
  const { step } = training.value!
  const file = theClient().ask(RUN, 'file', { format: 'safetensors', weights: 'ema' })
  void draw(`yours after ${step.toLocaleString('en')} steps`, file)
  document.querySelector('#view')?.scrollIntoView()
}
