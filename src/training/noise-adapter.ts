import {
  type CorePrimitive,
  constant,
  type Graph,
  simplify,
  spec,
  type Tensor,
  trace,
  valueAuxAndGrad,
} from '../autodiff/index.ts'
import { type Config, resolveConfig } from '../config/index.ts'
import { joinArrays } from '../model/arrays.ts'
import {
  type FlowMap,
  flatten,
  type Named,
  type Network,
  type Standardization,
  sizeOfNetwork,
  unflatten,
  unstandardized,
} from '../model/index.ts'
import {
  applyNoiseAdapter,
  initialNoiseAdapter,
  type NoiseAdapterSpec,
  noiseAdapterSpecs,
} from '../model/noise-adapter.ts'
import { adaptedFlow, evidenceBound, noiseLaw } from '../objective/noise-adapter.ts'
import type { Operator } from '../objective/rewards/operators.ts'
import { type Random, random } from '../random/random.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { NoiseAdapter } from '../serialization/noise-adapter-file.ts'
import { optimizerOf } from './optimizer/optimizers.ts'
import { RATES, writeRates } from './optimizer/rates.ts'
import { DivergenceError } from './train-options.ts'

/** What an adapter is trained for: a map, and how its points are observed. */
export interface ObservedMap {
  /**
   * Of rows `[B, D]` as the network sees them, in float32. Called while a graph is traced, where the map trains too with its
   * parameters, flat.
   */
  readonly map: (parameters?: Tensor) => FlowMap
  /** Coordinates of a point, `D`. */
  readonly dimension: number
  /** How the network's points become the data's own. */
  readonly standardization?: Standardization
  /** Of points in the data's own units. */
  readonly operator: Operator
  /** Standard deviation of the noise in an observation. */
  readonly sd: number
}

export interface NoiseAdapterTraining {
  readonly steps: number
  /** Pairs in a step. */
  readonly batch: number
  /** At its highest; it falls to 0 along a cosine. */
  readonly learningRate: number
  readonly seed: number
  /** Of the map, flat, where it trains too: what it begins with. The map is of the linear path then, with an average velocity. */
  readonly joint?: Float32Array
  /** Fills rows with points that are observed, as the network sees them; `step` addresses the draw. */
  readonly points: (out: Float32Array, step: number) => Promise<void> | void
  /** Hears how far it is, and of the mean loss since it was last told. */
  readonly progress?: (step: number, loss: number) => void
  readonly shouldStop?: () => boolean
}

/** What a training leaves. */
export type TrainedNoiseAdapter = Pick<NoiseAdapter, 'hidden' | 'center' | 'scale' | 'parameters'> & {
  /** The mean over the last tenth of the steps: minus the evidence bound but for `(m/2) log(2 pi sd^2)`. */
  readonly loss: number
  /** Parameters of the map, where it has trained too. */
  readonly map?: Float32Array
}

/** Share of a batch whose flow begins at the adapter's noise, and at fresh noise otherwise. As published. */
const KEEP = 0.5
/** Share of a batch that learns the velocity, `s = t`. With the published three quarters few long jumps are learnt, and one jump suffers. */
const EQUAL = 0.25
/**
 * Scale of the flow's residual. With the published 1 the likelihood bends the one jump away from the data; at 0.2 the flow pulls the
 * adapter's noise together until it tells nothing of `y`.
 */
const TAU = 0.5

const HIDDEN = 128
const STATE = ['parameters', 'first', 'second']
const CHUNK = 25
/** Points by which observations are brought to unit size. */
const MEASURED = 10_000

type Scaling = Pick<NoiseAdapter, 'center' | 'scale'>

/** Name of the map's parameters beside those of the adapter. */
const MAP = 'map'

/** What trains: the adapter, and with `joint` the map. */
function trainedSpecs(size: NoiseAdapterSpec, joint: Float32Array | undefined): Pick<Network, 'parameters'> {
  const { parameters } = noiseAdapterSpecs(size)
  return { parameters: joint ? { ...parameters, [MAP]: { shape: [joint.length] } } : parameters }
}

/** What the flow's part of a step takes: fresh noise `[D]`, whether the adapter's is kept, `s` and `t`, one row for each sample. */
const flowing = (dimension: number): number => dimension + 3

/** Draws of a step for that, of so many samples; times are uniform, `t` below `s`. */
function drawFlowing(out: Float32Array, dimension: number, source: Random): void {
  const width = flowing(dimension)
  const samples = out.length / width
  for (let i = 0; i < samples; i++) {
    const row = out.subarray(i * width, (i + 1) * width)
    for (let k = 0; k < dimension; k++) row[k] = source.normal()
    const s = source.uniform()
    row[dimension] = Number(i < KEEP * samples)
    row[dimension + 1] = s
    row[dimension + 2] = source.uniform() < EQUAL ? s : s * source.uniform()
  }
}

/** A step: observes points, and takes one update of Adam on minus the evidence bound, and on the flow of a map that trains too. */
function stepGraph(
  { map, dimension, standardization: by, operator, sd }: ObservedMap,
  size: NoiseAdapterSpec,
  { center, scale }: Scaling,
  { batch, joint }: Pick<NoiseAdapterTraining, 'batch' | 'joint'>,
  { optimizer }: Config,
): Graph<CorePrimitive> {
  const specs = trainedSpecs(size, joint)
  const { update } = optimizerOf(optimizer, specs)
  // Operators are linear: what the data's middle gives is taken off in double precision.
  const base = by && operator.value(by.shift)
  const middle = base ? center.map((value, i) => value - base[i]) : center
  const vector = spec([sizeOfNetwork(specs)])
  return simplify(
    trace(
      ({ state, x, seen, noise, rates, beside }) => {
        const row = (values: readonly number[]): Tensor => constant(values, [1, values.length], x.dtype)
        const observe = (points: Tensor): Tensor => operator.graph(by ? points.mul(row(by.scale)) : points)
        const y = observe(x).add(seen.mul(sd))
        const unit = y.sub(row(middle)).div(row(scale))
        const lossOf = (parameters: Named<Tensor>): [total: Tensor, bound: Tensor] => {
          const law = noiseLaw(applyNoiseAdapter(parameters, unit))
          const observed = { map: map(parameters[MAP]), law, operator: observe, y, sd, noise }
          const bound = evidenceBound(observed).mean()
          if (!beside) return [bound, bound]
          const column = (k: number) => beside.slice(1, dimension + k, dimension + k + 1)
          const [keep, s, t] = [column(0), column(1), column(2)]
          const fresh = beside.slice(1, 0, dimension)
          const flow = adaptedFlow(observed, { x0: x, fresh, keep, s, t, tau: TAU })
          return [bound.add(flow.mean()), bound]
        }
        const [, loss, gradient] = valueAuxAndGrad(lossOf)(unflatten(state.parameters, specs)) as [
          Tensor,
          Tensor,
          Named<Tensor>,
        ]
        const { first, second, parameters } = state
        const next = update({ parameters, direction: flatten(gradient), rates }, { first, second })
        return {
          parameters: next.update.parameters.sub(next.update.direction),
          ...next.state,
          loss: loss.reshape([1]),
        }
      },
      {
        state: { parameters: vector, first: vector, second: vector },
        x: spec([batch, dimension]),
        seen: spec([batch, size.observed]),
        noise: spec([batch, dimension]),
        rates: spec([RATES]),
        ...(joint && { beside: spec([batch, flowing(dimension)]) }),
      },
    ),
  )
}

/** Means and deviations of what is observed. */
async function scalingOf(
  { dimension, standardization: by, operator, sd }: ObservedMap,
  { points, batch }: NoiseAdapterTraining,
): Promise<Scaling> {
  const [sums, squares] = [new Float64Array(operator.size), new Float64Array(operator.size)]
  let count = 0
  const rows = new Float32Array(batch * dimension)
  // Draws of steps before the first, which no step takes.
  for (let step = 0; count < MEASURED; step--) {
    await points(rows, step)
    const own = by ? unstandardized(by, rows, 0) : rows
    for (let i = 0; i < batch; i++) {
      operator.value(own.subarray(i * dimension, (i + 1) * dimension)).forEach((value, k) => {
        sums[k] += value
        squares[k] += value * value
      })
    }
    count += batch
  }
  const center = Array.from(sums, sum => sum / count)
  return {
    center,
    scale: center.map((mean, k) => Math.sqrt(Math.max(0, squares[k] / count - mean * mean) + sd * sd)),
  }
}

/**
 * Trains a noise adapter for a map: `q(z|y) = N(mu(y), diag e^(2 l(y)))` that makes
 * `E_y E_q[log p(y | F(z,1,0))] - KL(q | N(0,I))` large, `y` observed of the points that are drawn. The map stays as it is, or with
 * `joint` bends, by that and by a mean flow from the adapter's noise to the points; see `adaptedFlow`. Variational flow maps,
 * arXiv:2603.07276
 *
 * @returns nothing where it was stopped before its end
 * @throws DivergenceError when the loss is no finite number
 */
export async function trainNoiseAdapter(
  runtime: Runtime,
  of: ObservedMap,
  training: NoiseAdapterTraining,
): Promise<TrainedNoiseAdapter | undefined> {
  const { steps, batch, learningRate, seed, points, progress, shouldStop, joint } = training
  const { dimension, operator } = of
  const size: NoiseAdapterSpec = { observed: operator.size, dimension, hidden: HIDDEN }
  const config = resolveConfig({
    objective: 'flow-matching',
    steps,
    optimizer: { learningRate },
    schedule: { kind: 'cosine', warmup: Math.min(100, Math.ceil(steps / 10)) },
  })
  const scaling = await scalingOf(of, training)
  const program = await runtime.compileScan(stepGraph(of, size, scaling, training, config), STATE.length)
  const own = initialNoiseAdapter(size, random(seed, 'noise adapter', 'initialization'))
  const initial = joinArrays([own, ...(joint ? [joint] : [])])
  let state = [initial, new Float32Array(initial.length), new Float32Array(initial.length)]
  const last = steps - Math.ceil(steps / 10)
  let [sum, counted] = [0, 0]
  try {
    for (let done = 0; done < steps; ) {
      if (shouldStop?.()) return undefined
      const count = Math.min(CHUNK, steps - done)
      const x = new Float32Array(count * batch * dimension)
      const seen = new Float32Array(count * batch * operator.size)
      const noise = new Float32Array(x.length)
      const rates = new Float32Array(count * RATES)
      const beside = joint && new Float32Array(count * batch * flowing(dimension))
      for (let i = 0; i < count; i++) {
        const step = done + i + 1
        const part = <A extends Float32Array>(of: A, length: number) =>
          of.subarray(i * length, (i + 1) * length) as A
        const source = random(seed, 'noise adapter', step)
        await points(part(x, batch * dimension), step)
        for (const each of [part(seen, batch * operator.size), part(noise, batch * dimension)]) {
          for (let k = 0; k < each.length; k++) each[k] = source.normal()
        }
        writeRates(config, step, part(rates, RATES))
        if (beside) {
          const flow = random(seed, 'noise adapter flow', step)
          drawFlowing(part(beside, batch * flowing(dimension)), dimension, flow)
        }
      }
      const inputs = [...state, x, seen, noise, rates, ...(beside ? [beside] : [])]
      const outputs = (await program.run(inputs)) as Float32Array[]
      const losses = outputs[STATE.length]
      if (!losses.every(Number.isFinite)) {
        throw new DivergenceError(
          `step ${done + 1 + losses.findIndex(loss => !Number.isFinite(loss))}: the loss is not a finite number; lower --lr`,
        )
      }
      state = outputs.slice(0, STATE.length)
      losses.forEach((loss, i) => {
        if (done + i >= last) {
          sum += loss
          counted++
        }
      })
      done += count
      progress?.(
        done,
        losses.reduce((total, loss) => total + loss / losses.length, 0),
      )
    }
  } finally {
    await program.close()
  }
  if (!state[0].every(Number.isFinite)) {
    throw new DivergenceError('the last step left weights that are not finite numbers; lower --lr')
  }
  const [parameters, map] = [state[0].slice(0, own.length), state[0].slice(own.length)]
  return { hidden: HIDDEN, ...scaling, parameters, loss: sum / counted, ...(joint && { map }) }
}
