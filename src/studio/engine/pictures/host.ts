import type { Runtime } from '../../../runtime/runtime.ts'
import { encodeModelFile, encodeOnnxModel } from '../../../serialization/model.ts'
import type { HostOptions } from '../host.ts'
import { paced } from '../pace.ts'
import type { Command, Questions, Report } from '../protocol.ts'
import { workLoop } from '../work-loop.ts'
import { PictureTraining } from './training.ts'

/** Steps between two sheets. */
export const SHEET_EVERY = 250
/** Milliseconds between two reports without one. */
const PACE = 500

/** A training and whether it plays. */
interface Seat {
  readonly run: string
  readonly training: PictureTraining
  playing: boolean
}

/**
 * Trains on pictures for a page, one training at a time: takes its commands one by one, and between them lets it go on.
 *
 * @param send  gets every report
 * @returns takes a command; its promise is kept once the command is done or refused
 */
export function pictureHost(
  engine: Runtime,
  name: string,
  send: (report: Report) => void,
  {
    breathe,
    clock = () => performance.now(),
    open = PictureTraining.open,
  }: HostOptions & { readonly open?: (engine: Runtime) => Promise<PictureTraining> } = {},
): (command: Command) => Promise<void> {
  let seat: Seat | null = null
  const pace = paced(1, PACE, clock)

  const report = async ({ run, training, playing }: Seat, drawn: boolean): Promise<void> => {
    const { step, steps } = training
    const sheet = drawn ? await training.sheet() : undefined
    pace.take(() => {})
    send({ type: 'pictures', run, step, steps, playing, line: training.line(), ...(sheet && { sheet }) })
  }

  const seatOf = (run: string): Seat => {
    if (seat?.run === run) return seat
    throw new Error(`${run}: no such training`)
  }

  const close = async (): Promise<void> => {
    const before = seat
    seat = null
    await before?.training.close()
  }

  const answer = (
    training: PictureTraining,
    { name, ask }: Extract<Command, { type: 'ask' }>,
  ): Uint8Array => {
    if (name !== 'file') throw new Error(`${name}: training on pictures only answers requests for its file`)
    const { format } = ask as Questions['file']['ask']
    return { safetensors: encodeModelFile, onnx: encodeOnnxModel }[format](training.model())
  }

  const play = (own: Seat, playing: boolean): Promise<void> => {
    own.playing = playing && own.training.step < own.training.steps
    return report(own, false)
  }

  const obey = async (command: Command): Promise<void> => {
    const { run, type } = command
    if (type === 'open-pictures') {
      await close()
      seat = { run, training: await open(engine), playing: true }
      return report(seat, true)
    }
    const own = seatOf(run)
    if (type === 'play' || type === 'pause') return play(own, type === 'play')
    if (type === 'ask')
      return send({ type: 'answer', run, id: command.id, answer: answer(own.training, command) })
    if (type === 'close') return close()
    throw new Error(`${type}: not available when training on pictures`)
  }

  const refuse = (run: string, id: number | null, error: unknown): void => {
    send({
      type: 'refused',
      run,
      id,
      message: (error as Error).message,
      ...(seat?.run !== run && { ended: true }),
    })
  }

  const take = async (command: Command): Promise<void> => {
    const id = command.type === 'ask' ? command.id : null
    await obey(command).catch(error => refuse(command.run, id, error))
  }

  const advance = async (own: Seat): Promise<void> => {
    const { training } = own
    const failure = await training.advance(SHEET_EVERY)
    if (failure) throw new Error(`the training diverged at step ${failure.step}: start it again`)
    own.playing = training.step < training.steps
    const drawn = !own.playing || training.step % SHEET_EVERY === 0
    if (drawn || pace.due()) await report(own, drawn)
  }

  const goOn = async (): Promise<boolean> => {
    const own = seat
    if (!own?.playing) return false
    try {
      await advance(own)
    } catch (error) {
      own.playing = false
      refuse(own.run, null, error)
      await report(own, false)
    }
    return true
  }

  send({ type: 'ready', engine: name })
  return workLoop({ take, goOn, breathe })
}
