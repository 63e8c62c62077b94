import {
  type CorePrimitive,
  concat,
  type Graph,
  isTensor,
  leaves,
  simplify,
  sizeOf,
  spec,
  type Tensor,
  trace,
  valueAndGrad,
} from '../../autodiff/index.ts'
import { type Config, resolveConfig } from '../../config/index.ts'
import type { StandardizedDataset } from '../../data/standardized.ts'
import {
  applyClassifier,
  type ClassifierSpec,
  classifierSize,
  cutClassifier,
  initialClassifier,
} from '../../model/classifier.ts'
import type { Named } from '../../model/index.ts'
import { random } from '../../random/random.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { optimizerOf } from '../../training/optimizer/optimizers.ts'
import { RATES, writeRates } from '../../training/optimizer/rates.ts'

export interface ClassifierTraining {
  readonly steps: number
  readonly seed: number
  /** Hears of the loss now and then. */
  readonly progress?: (step: number, loss: number) => void
}

const BATCH = 128
/** Noise on the points, in standard deviations, so that slightly noisy samples keep their class. */
const NOISE = 0.15
const CHUNK = 50
const STATE = ['parameters', 'first', 'second']

/** The mean cross-entropy of classes `[batch, classes]`, 1 for the right one, and a step of Adam on it. */
function stepGraph(of: ClassifierSpec, { optimizer }: Config): Graph<CorePrimitive> {
  const { update } = optimizerOf(optimizer, { parameters: {} })
  const vector = spec([classifierSize(of)])
  return simplify(
    trace(
      ({ state, points, classes, rates }) => {
        const lossOf = (parameters: Named<Tensor>): Tensor =>
          applyClassifier(of, parameters, points).logProbabilities.mul(classes).sum([-1]).mean().neg()
        const [loss, gradient] = valueAndGrad(lossOf)(cutClassifier(state.parameters, of)) as [
          Tensor,
          Named<Tensor>,
        ]
        const direction = concat(
          leaves(gradient, isTensor).map(([, part]) => part.reshape([sizeOf(part.shape)])),
        )
        const { first, second, parameters } = state
        const next = update({ parameters, direction, rates }, { first, second })
        return {
          parameters: next.update.parameters.sub(next.update.direction),
          ...next.state,
          loss: loss.reshape([1]),
        }
      },
      {
        state: { parameters: vector, first: vector, second: vector },
        points: spec([BATCH, ...of.shape]),
        classes: spec([BATCH, of.classes]),
        rates: spec([RATES]),
      },
    ),
  )
}

/**
 * Trains a classifier on the labels of a dataset, by cross-entropy.
 *
 * @param dataset  standardised, with labels
 * @returns its parameters, flat
 */
export async function trainClassifier(
  runtime: Runtime,
  dataset: StandardizedDataset,
  { steps, seed, progress }: ClassifierTraining,
): Promise<Float32Array> {
  const of = { shape: dataset.shape, classes: dataset.labels!.names.length }
  const config = resolveConfig({
    objective: 'flow-matching',
    steps,
    optimizer: { learningRate: 2e-3 },
    schedule: { kind: 'cosine', warmup: Math.min(100, Math.ceil(steps / 10)) },
  })
  const program = await runtime.compileScan(stepGraph(of, config), STATE.length)
  const { dimension } = dataset
  const initial = initialClassifier(of, random(seed, 'classifier', 'initialization'))
  let state = [initial, new Float32Array(initial.length), new Float32Array(initial.length)]
  try {
    for (let done = 0; done < steps; ) {
      const count = Math.min(CHUNK, steps - done)
      const points = new Float32Array(count * BATCH * dimension)
      const found = new Float32Array(count * BATCH)
      const source = random(seed, 'classifier', done)
      dataset.sample(source, points, found)
      for (let i = 0; i < points.length; i++) points[i] += NOISE * source.normal()
      const classes = new Float32Array(found.length * of.classes)
      found.forEach((k, i) => {
        classes[i * of.classes + k] = 1
      })
      const rates = new Float32Array(count * RATES)
      for (let i = 0; i < count; i++)
        writeRates(config, done + i + 1, rates.subarray(i * RATES, (i + 1) * RATES))
      const outputs = (await program.run([...state, points, classes, rates])) as Float32Array[]
      state = outputs.slice(0, STATE.length)
      done += count
      progress?.(done, outputs[STATE.length].at(-1)!)
    }
  } finally {
    await program.close()
  }
  return state[0]
}
