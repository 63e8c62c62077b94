import type { CorePrimitive, Graph } from '../../autodiff/index.ts'
import type { Config } from '../../config/index.ts'
import { scheduledValuesOf } from '../../config/scheduled-values.ts'
import { outputNamesOf } from '../../runtime/onnx.ts'
import { portsOf } from '../../runtime/program.ts'
import { streamOf } from '../batches.ts'
import type { InputName } from '../guides.ts'
import { GRADIENT } from '../players.ts'
import { vectorText } from '../vector-text.ts'
import { NEXT, type SplitStep } from './split-step.ts'

/** An input or output of an exported graph, and what it is. */
export interface NamedPort {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly is: string
  /** Of an input: where its values come from. */
  readonly from?: 'state' | 'gradients' | 'draws' | 'schedule'
  /** Of a draw: rows of the whole batch, of which a part has its share, and the address of the random stream before the step. */
  readonly rows?: number
  readonly stream?: readonly [seed: number, name: string]
}

const DRAWN: { readonly [name in InputName]: string } = {
  x0: 'points of the data, at time 0',
  eps: 'points at time 1',
  xs: 'points of a trajectory at time s',
  xt: 'points of a trajectory at time t',
  noise: 'further noise',
  noise2: 'further noise',
  z: 'noise that is added on the way',
  scale: 'guidance scale',
  low: 'time from which guidance acts',
  high: 'time to which guidance acts',
  class: 'class, and the number of classes for none',
  vector: 'vector as the network sees it',
  state: 'noisy point and its time',
  s: 'time that a jump begins at',
  t: 'time that it ends at',
  m: 'a time between them',
  r: 'a further time',
  r2: 'a further time',
  u: 'a number between 0 and 1',
  anchor: 'time of the anchor',
  logWeight: 'logarithm of the weight of x0',
}

/** The last part of `draws.consistency.x0`. */
const drawnName = (name: string): InputName => name.split('.').at(-1) as InputName

/** `map.first` of `state.map.first`. */
const withoutGroup = (name: string): string => name.slice(name.indexOf('.') + 1)

function inputMeaning(config: Config, name: string): Pick<NamedPort, 'is' | 'from' | 'stream'> {
  const [group] = name.split('.')
  if (group === 'moments') {
    const names = scheduledValuesOf(config).map(each => each.name)
    return { is: `what changes over the training: ${names.join(', ')}`, from: 'schedule' }
  }
  if (group === 'rates') {
    return {
      is: 'for each network: a, e, learning rate and root of its update, see docs/export.md',
      from: 'schedule',
    }
  }
  if (group !== 'draws') return { is: vectorText(withoutGroup(name)), from: group as 'state' | 'gradients' }
  const { seed, stream } = streamOf(drawnName(name))
  return { is: DRAWN[drawnName(name)], from: 'draws', stream: [config.seeds[seed], stream] }
}

function outputMeaning(name: string, lines: readonly string[]): string {
  if (name === 'lines') return `this part's share of ${lines.join(', ')}`
  if (name === 'norms') return 'the norm of the gradient of each network'
  if (name.startsWith(NEXT)) return `${vectorText(name.slice(NEXT.length))} after the update`
  return `this part's share of the gradient of ${name.slice(0, -GRADIENT.length - 1)}`
}

/** The inputs and outputs of both graphs. */
export function signatureOf(config: Config, split: SplitStep) {
  const rowsOf = new Map(split.turn.terms.map(({ name, rows }) => [name as string, rows]))
  const inputs = (graph: Graph<CorePrimitive>): NamedPort[] =>
    portsOf(graph).map(port => {
      const rows = rowsOf.get(withoutGroup(port.name).split('.')[0])
      const meaning = inputMeaning(config, port.name)
      return { ...port, ...meaning, ...(meaning.from === 'draws' && { rows }) }
    })
  const outputs = (graph: Graph<CorePrimitive>): NamedPort[] =>
    outputNamesOf(graph).map((name, i) => {
      const { dtype, shape } = graph.outputs[i]
      return { name, dtype, shape, is: outputMeaning(name, split.lines) }
    })
  const both = (graph: Graph<CorePrimitive>) => ({ inputs: inputs(graph), outputs: outputs(graph) })
  return { gradients: both(split.gradients), update: both(split.update) }
}
