import { constant } from '../../autodiff/index.ts'
import { pointOf } from '../../config/index.ts'
import type { WeightsName } from '../../config/weights-name.ts'
import { linearize } from '../../density/linearize.ts'
import { mapOf } from '../../model/index.ts'
import { random } from '../../random/random.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { drawNoise, heun, jumpThrough, uniformGrid } from '../../sampler/sampler.ts'
import { ChoiceError, chooseInversion, isVelocityOnly, whyNotRenoised } from '../../steering/choices.ts'
import { renoised } from '../../steering/edit.ts'
import { type Inverted, inverted } from '../../steering/invert.ts'
import type { InversionName } from '../../steering/names.ts'
import { repeated } from '../../steering/steerable.ts'
import { trainedObjective } from '../plan.ts'
import type { PlanePoints, Questions } from './protocol.ts'
import type { Session } from './session.ts'
import { marksOf } from './strays.ts'

/** Noise from which Newton's method begins. */
const STARTS = 512
/** Steps of Heun's method from noise to data, of a velocity. */
const STEPS = 64

/** The noise that one jump takes to some data, by Newton's method in double precision. */
async function byNewton(
  session: Session,
  engine: Runtime,
  data: PlanePoints,
  weights: WeightsName,
): Promise<Inverted> {
  const { config, dataset, classes } = session
  if (classes) throw new Error('Newton’s method needs a map without classes.')
  const parameters = session.parameters(weights)
  const map = mapOf(config, pointOf(config, dataset), constant(parameters, [parameters.length], 'float64'))
  const program = await linearize(engine, map.jump, 2)
  try {
    const newton = { jump: (x: Float64Array) => program.run(x, 1, 0), starts: drawNoise(STARTS, 2, 0) }
    return await inverted(session.steerable(weights), data, { method: 'newton', newton })
  } finally {
    await program.close()
  }
}

function inversionOf(session: Session, hasVelocity: boolean, asked: InversionName | null): InversionName {
  try {
    return chooseInversion(trainedObjective(session.plan), hasVelocity, asked ?? undefined)
  } catch (error) {
    throw error instanceof ChoiceError ? new Error(`${error.reason}.`) : error
  }
}

/** The noise that data come from, and where it leads back. */
export async function answerInvert(
  { points, method: asked, weights }: Questions['invert']['ask'],
  session: Session,
  engine: Runtime,
): Promise<Questions['invert']['answer']> {
  const map = session.steerable(weights)
  const method = inversionOf(session, map.velocity !== undefined, asked)
  const { noise, missed = 0 } =
    method === 'newton'
      ? await byNewton(session, engine, points, weights)
      : await inverted(map, points, { method })
  const back =
    map.velocity && isVelocityOnly(trainedObjective(session.plan))
      ? await jumpThrough(heun(map.velocity), noise, uniformGrid(STEPS))
      : await map.jump(noise, 1, 0)
  return { noise, back, method, missed }
}

/** What data become by noise up to a time and a jump back, again and again. */
export async function answerEdit(
  { points, tau, count, seed, weights }: Questions['edit']['ask'],
  session: Session,
): Promise<Questions['edit']['answer']> {
  const why = whyNotRenoised(trainedObjective(session.plan), tau)
  if (why) throw new Error(`${why}.`)
  const edits = await renoised(
    session.steerable(weights),
    repeated(points, 2, count),
    tau,
    random(seed, 'edit'),
  )
  return { points: edits, marks: marksOf(session, edits) ?? null }
}
