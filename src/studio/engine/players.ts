import {
  type CorePrimitive,
  DYNAMIC,
  type Graph,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../../autodiff/index.ts'
import { type Config, ConfigError, pointOf } from '../../config/index.ts'
import { playersIn } from '../../config/round.ts'
import { type PointSpec, unflatten } from '../../model/index.ts'
import { batchSource } from '../../training/batches.ts'
import { networksOf, type Trained } from '../../training/networks.ts'
import { parametersOf } from '../../training/players.ts'
import { boundPlayer, guidesOf, studentOf, type Teachers } from '../../training/step.ts'
import { sampleDrift, type Term, termSpecs } from '../../training/terms.ts'
import { driftOf } from '../players.ts'
import type { PlanePoints, Questions } from './protocol.ts'
import type { Session } from './session.ts'

/** A player's value as a graph of its parameters, points `[n, 2]`, times `[n, 1]` and, where it is told one, classes `[n]`. */
const judgeGraph = (config: Config, point: PointSpec, player: Trained): Graph<CorePrimitive> =>
  simplify(
    trace(
      ({ parameters, x, r, ...condition }) => ({
        y: boundPlayer(
          config,
          point,
          player,
          unflatten(parameters, player.network),
          point.condition && condition,
        )(x, r, r),
      }),
      {
        parameters: spec([player.size]),
        x: spec([DYNAMIC, 2]),
        r: spec([DYNAMIC, 1]),
        ...(point.condition && { class: spec([DYNAMIC], 'int64') }),
      },
    ),
  )

/** @throws ConfigError where the training has no such player, or it gives no single number */
export async function answerJudged(
  { player: name, points, r }: Questions['judged']['ask'],
  session: Session,
): Promise<Questions['judged']['answer']> {
  const { config, dataset, state, classes, told } = session
  if (!playersIn(config).some(player => player.name === name && player.says)) {
    throw new ConfigError(`player: ${config.objective} has no "${name}" that judges points`)
  }
  const point = pointOf(config, dataset)
  const player = networksOf(config, point).find(trained => trained.name === name)!
  const program = await session.program(`player ${name}`, () => judgeGraph(config, point, player))
  const count = points.length / 2
  const own = parametersOf(state, [player], 'raw')[name]
  const one = classes ? [new BigInt64Array(count).fill(BigInt(told ?? classes.names.length))] : []
  const [values] = await program.run([own, points, new Float32Array(count).fill(r), ...one])
  return values as Float32Array
}

/** Samples whose drift is shown: a batch of their own. */
const DRIFTING = 400

/** Samples of the map and where they are moved, as a graph of the players' parameters and of what the term draws. */
function driftGraph(config: Config, point: PointSpec, term: Term, teachers: Teachers): Graph<CorePrimitive> {
  const networks = networksOf(config, point)
  const parameters = Object.fromEntries(networks.map(({ name, size }) => [name, spec([size])]))
  return simplify(
    trace(
      ({ parameters, drawn }) => {
        const own = parameters as Record<string, Tensor>
        const inputs = drawn as Record<string, Tensor>
        const trees = Object.fromEntries(
          networks.map(({ name, network }) => [name, unflatten(own[name], network)]),
        )
        const student = studentOf(config, point, networks, trees)
        const guides = { ...teachers, ...guidesOf(config, point, networks, trees, {}) }
        const one = inputs.s.mul(0).add(1)
        return {
          points: student(point.condition && inputs).jump(inputs.eps, one, one.sub(1)),
          drift: sampleDrift(config, term, inputs, student, guides)!,
        }
      },
      { parameters, drawn: termSpecs(term, point) },
    ),
  )
}

/** @throws ConfigError where the training says of no sample where it moves it */
export async function answerDrift(
  { weights }: Questions['drift']['ask'],
  session: Session,
): Promise<Questions['drift']['answer']> {
  const { dataset, told } = session
  const config = { ...session.config, batch: DRIFTING, chunk: 1 }
  const found = driftOf(config)
  if (!found) throw new ConfigError(`objective: ${config.objective} does not say where it moves samples`)
  const { term } = found
  const point = pointOf(config, dataset)
  const program = await session.program('drift', () => driftGraph(config, point, term, session.teachers))
  const drawn = batchSource(config, dataset, [{ trains: [], terms: [term] }]).draw(1, 1)
  const others = networksOf(config, point).slice(1)
  const [points, drift] = await program.run([
    session.parameters(weights),
    ...Object.values(parametersOf(session.state, others, 'raw')),
    ...drawn.slice(0, term.inputs.length),
  ])
  const classes = drawn[term.inputs.indexOf('class')] as BigInt64Array | undefined
  const isShown = (i: number) => told === null || classes === undefined || Number(classes[i]) === told
  const shown = (values: unknown): PlanePoints =>
    (values as Float32Array).filter((_, k) => isShown(Math.floor(k / 2)))
  return { points: shown(points), drift: shown(drift) }
}
