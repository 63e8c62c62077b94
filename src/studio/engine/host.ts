import type { WeightsName } from '../../config/weights-name.ts'
import { type Measures, prepareMetrics } from '../../metric/prepare.ts'
import { strayEstimate } from '../../metric/strays.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { drawNoise } from '../../sampler/sampler.ts'
import type { Failure } from '../../training/trainer.ts'
import { type Plan, type Stage, stepsOf } from '../plan.ts'
import { answers } from './answers.ts'
import { type Paced, paced } from './pace.ts'
import type { Command, PlanePoints, Report } from './protocol.ts'
import { Session } from './session.ts'
import { marksOf, scoresOf } from './strays.ts'
import { workLoop } from './work-loop.ts'

/** Samples in a report that nobody asked to be larger, and those that its distance is of. */
const SAMPLES = 2000
/** Most samples in a report. */
const MOST_SAMPLES = 50_000
/** Milliseconds between two reports of a training. */
const PACE = 200
/** Parts of a training's time that its samples and their distance may take: what is costly comes less often. */
const SHARES = { samples: 0.05, distance: 0.02 }

/** Why this host has no pictures. */
const PICTURES = 'training on pictures needs its own process'

type Progress = Extract<Report, { type: 'progress' }>
type Opening = Extract<Command, { type: 'open' }>

/** One training and what is to be done with it. */
interface Seat {
  readonly session: Session
  noise: PlanePoints
  /** Samples that are sent. */
  count: number
  weights: WeightsName
  /** The class that the map of its reports is told; null for none. */
  told: number | null
  /** Stages that a plan has beyond what is trained. */
  ahead: Plan['stages']
  playing: boolean
  /** Whether it goes on behind those. */
  goesOn: boolean
  /** Of the newest command. */
  revision: number
  /** When it is time for the next report, and for the next distance in one. */
  readonly sampling: Paced
  readonly measuring: Paced
}

export interface HostOptions {
  /** Lets the messages in that have arrived. */
  readonly breathe?: () => Promise<void>
  /** Milliseconds. */
  readonly clock?: () => number
}

/** What samples are measured by, of the class that is told; null where the data is not known. */
const measuresOf = (session: Session): Measures | null =>
  session.plan.target.kind === 'unknown'
    ? null
    : session.once(`report ${session.told}`, () =>
        prepareMetrics(session.seen, { count: SAMPLES, names: ['strays', 'slicedWasserstein'] }),
      )

/** What went wrong, and what to do about it. */
function divergence({ step, metrics }: Failure, { learningRate }: Stage): string {
  const what = metrics.map(name => name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)).join(', ')
  return `the training diverged: at step ${step} its ${what} is no longer a finite number. Lower the learning rate, now ${learningRate}, then Reset and Train.`
}

/** A metric's value, and what data itself scores. */
function scored(
  { floors }: Measures,
  name: string,
  { [name]: value }: Readonly<Record<string, number>>,
): NonNullable<Progress['distance']> {
  const { value: floor, low, high } = floors[name]
  return { value, floor, low, high }
}

/**
 * Trains for a page: takes its commands one by one, and between them lets every training that plays go on by a chunk.
 *
 * @param name  what trains; a promise where it is still being loaded
 * @param send  gets every report
 * @returns takes a command; its promise is kept once the command is done or refused
 */
export function host(
  engine: Runtime,
  name: string | Promise<string>,
  send: (report: Report) => void,
  { breathe, clock = () => performance.now() }: HostOptions = {},
): (command: Command) => Promise<void> {
  const seats = new Map<string, Seat>()

  const seatOf = (run: string): Seat => {
    const seat = seats.get(run)
    if (!seat) throw new Error(`${run}: no such training`)
    return seat
  }

  /**
   * @param measured  whether the samples' distance is to be told, which costs several times what they do
   * @param marked  whether it is to be told which of them are off the data
   */
  const report = async (run: string, seat: Seat, measured = true, marked = true): Promise<void> => {
    const { session, noise, count, weights, playing, revision, ahead, told } = seat
    session.tell(told)
    const measures = measuresOf(session)
    const { samples, marks } = await seat.sampling.take(async () => {
      const samples = await session.map(weights).jump(noise, 1, 0)
      return { samples, marks: marked ? marksOf(session, samples) : undefined }
    })
    const scores =
      measured && measures
        ? await seat.measuring.take(() => scoresOf(measures, samples.subarray(0, 2 * SAMPLES)))
        : undefined
    send({
      type: 'progress',
      run,
      revision,
      plan: session.plan,
      playing,
      goal: ahead.length > 0 ? stepsOf({ stages: ahead }) : null,
      line: session.line(),
      samples: samples.slice(0, 2 * count),
      distance: measures
        ? scores && {
            ...scored(measures, 'slicedWasserstein', scores.values),
            interval: scores.intervals.slicedWasserstein,
          }
        : null,
      strays: measures
        ? marks && {
            ...scored(measures, 'strays', { strays: strayEstimate(marks.subarray(0, SAMPLES)).value }),
            marks: marks.slice(0, count),
          }
        : null,
      ...(scores && { within: scores.within }),
      ...(session.classes && { classes: session.classes }),
      ...(session.paused.length > 0 && { paused: session.paused }),
      ...(session.pausedSteps > 0 && { pausedSteps: session.pausedSteps }),
    })
  }

  const open = async ({ run, plan, replay = 'now', file, revision = 0 }: Opening): Promise<void> => {
    const before = seats.get(run)
    seats.delete(run)
    // Even where the new one is refused: the page shows the new one's plan.
    await before?.session.close()
    const session = await Session.open(engine, plan, file)
    const { count = SAMPLES, weights = 'ema', told = null } = before ?? {}
    const ahead = plan.stages.some(stage => stage.steps > 0) ? plan.stages : []
    const seat: Seat = {
      session,
      noise: drawNoise(Math.max(count, SAMPLES), 2, plan.seed),
      count,
      weights,
      told,
      ahead,
      playing: replay === 'on' || (replay === 'now' && ahead.length > 0),
      goesOn: replay === 'on',
      revision,
      sampling: paced(SHARES.samples, PACE, clock),
      measuring: paced(SHARES.distance, PACE, clock),
    }
    seats.set(run, seat)
    // What is to be seen comes before what is to be read: the first floor takes a while.
    if (plan.target.kind !== 'unknown') {
      await report(run, seat, false, false)
      void measuresOf(session)?.floors
    }
    await report(run, seat)
  }

  const obey = async (command: Command): Promise<void> => {
    const { run } = command
    if (command.type === 'open') return open(command)
    if (command.type === 'open-pictures') throw new Error(PICTURES)
    const seat = seatOf(run)
    if ('revision' in command) seat.revision = command.revision ?? seat.revision
    switch (command.type) {
      case 'play':
        await makeRoom(seat)
        seat.playing = true
        return report(run, seat)
      case 'pause':
        seat.playing = false
        return report(run, seat)
      case 'step':
        await takeSteps(seat, command.steps)
        return report(run, seat)
      case 'change':
        seat.ahead = []
        await seat.session.change(command.stage)
        return report(run, seat)
      case 'pause-players':
        await seat.session.pausePlayers(command.players)
        return report(run, seat)
      case 'show': {
        const { class: told = null } = command
        if (seat.count === command.count && seat.weights === command.weights && seat.told === told) return
        seat.told = told
        seat.count = Math.min(Math.max(1, Math.floor(command.count)), MOST_SAMPLES)
        seat.weights = command.weights
        seat.noise = drawNoise(Math.max(seat.count, SAMPLES), 2, seat.session.plan.seed)
        return report(run, seat)
      }
      case 'close':
        seats.delete(run)
        return seat.session.close()
      case 'ask': {
        seat.session.tell(command.class ?? null)
        const answer = await answers[command.name](command.ask as never, seat.session, engine)
        return send({ type: 'answer', run, id: command.id, answer })
      }
    }
  }

  /** A stage that is as long as it can be goes on in another, where the plan has no next one. */
  const makeRoom = async ({ session, ahead }: Seat): Promise<void> => {
    if (session.full && ahead.length === 0)
      await session.change({ ...session.plan.stages.at(-1)!, keep: true })
  }

  const takeSteps = async ({ session, ahead }: Seat, steps: number): Promise<void> => {
    const present = (): Stage => session.plan.stages.at(-1)!
    // What repeats a plan stays on its way.
    const goal = ahead[session.plan.stages.length - 1]?.steps ?? Infinity
    const until = Math.min(goal, present().steps + steps)
    while (!session.full && present().steps < until) {
      const failure = await session.advance(until)
      if (failure) throw new Error(divergence(failure, present()))
    }
  }

  /** A chunk of a training that plays; one that repeats a plan stops at its end, unless it was to go on. */
  const goOn = async (run: string, seat: Seat): Promise<void> => {
    const { session, ahead } = seat
    const at = session.plan.stages.length - 1
    const goal = ahead[at]?.steps
    if (goal !== undefined && session.plan.stages[at].steps >= goal) {
      if (at + 1 < ahead.length) await session.change(ahead[at + 1])
      else {
        // A recipe is done at its end, where its rate has fallen to nothing.
        const goesOn = seat.goesOn && !session.plan.stages[at].recipe
        Object.assign(seat, { ahead: [], playing: goesOn })
        if (goesOn) await makeRoom(seat)
      }
      return report(run, seat)
    }
    const failure = await session.advance(goal)
    if (failure) {
      Object.assign(seat, { ahead: [], playing: false })
      send({ type: 'refused', run, id: null, message: divergence(failure, session.plan.stages.at(-1)!) })
    } else if (session.full && goal === undefined) seat.playing = false
    if (!seat.playing) await report(run, seat)
    else if (seat.sampling.due()) await report(run, seat, seat.measuring.due())
  }

  const refuse = ({ run, id = null }: { run: string; id?: number | null }, error: unknown): void => {
    const ended = !seats.has(run)
    send({ type: 'refused', run, id, message: (error as Error).message, ...(ended && { ended }) })
  }

  /** Tells how a training stands after something was refused; where that fails too, one refusal is enough. */
  const standing = async (run: string): Promise<void> => {
    const seat = seats.get(run)
    if (seat) await report(run, seat).catch(() => {})
  }

  const take = async (command: Command): Promise<void> => {
    try {
      await obey(command)
    } catch (error) {
      refuse({ run: command.run, id: command.type === 'ask' ? command.id : null }, error)
      if (command.type !== 'ask') await standing(command.run)
    }
  }

  /** What cannot go on stops: its next attempt would fail like this one. */
  const train = async (run: string, seat: Seat): Promise<void> => {
    try {
      await goOn(run, seat)
    } catch (error) {
      Object.assign(seat, { ahead: [], playing: false })
      refuse({ run }, error)
      await standing(run)
    }
  }

  const goOnAll = async (): Promise<boolean> => {
    const playing = [...seats].filter(([, seat]) => seat.playing)
    for (const [run, seat] of playing) await train(run, seat)
    return playing.length > 0
  }

  void Promise.resolve(name).then(
    engine => send({ type: 'ready', engine }),
    () => {
      // Whoever needs it is told what is missing.
    },
  )
  return workLoop({ take, goOn: goOnAll, breathe })
}
