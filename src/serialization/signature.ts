import { guidanceRecord } from '../config/guidance.ts'
import { type Config, pointOf } from '../config/index.ts'
import { spaceOf } from '../model/index.ts'
import { whyNoJumps } from '../objective/index.ts'
import { conditionSignature, knownCondition } from './conditions.ts'
import type { DataRecord } from './record.ts'

interface Trained {
  readonly config: Config
  readonly data: DataRecord
}

/** What one input or output of an exported file means. */
type Meaning = Readonly<Record<string, unknown>>

/** The same of all of them by their names, for programs that read the file. */
export type Signature = Readonly<Record<string, Meaning>>

/** What points are at the time of noise, in words. */
export const noiseOf = (data: Pick<DataRecord, 'space'>): string => spaceOf(data).noise.is

/** Whether a map makes its points of logits of symbols, which it can give as well. */
const hasLogits = ({ network }: Pick<Config, 'network'>): boolean => network.parameterization === 'simplex'

const float = (shape: readonly (string | number)[], is: string) => ({ shape, dtype: 'float32', is })

/** The shape of points, and of a curved space its name. */
const pointsAt = ({ config, data }: Trained, is: string): Meaning => ({
  ...float(['batch', ...pointOf(config, data).shape], is),
  ...(data.space !== undefined && { space: data.space }),
})

/** Angles of a map are those of a path, which may go round several times. */
const mayTurn = ({ space = '' }: DataRecord): boolean => space.includes('torus')

/** Of what a map is told beside points and times. */
function toldSignature({ config, data }: Trained): Signature {
  const known = knownCondition(config, data)
  const guidance = guidanceRecord(config)
  return {
    ...(known && (conditionSignature(known) as Signature)),
    ...(guidance.applied === 'input' && {
      w: { ...float(['batch'], 'guidance scale, 1 for none'), range: guidance.range },
    }),
    ...(guidance.interval === 'input' && {
      low: { ...float(['batch'], 'from which time s guidance acts'), range: [0, 0.5] },
      high: { ...float(['batch'], 'to which time s guidance acts'), range: [0.5, 1] },
    }),
  }
}

/** Of the map itself, `model.onnx`. */
export function mapSignature(trained: Trained): Signature {
  const { config, data } = trained
  const isStep = whyNoJumps(config.objective) !== undefined
  return {
    x: { ...pointsAt(trained, 'points at time s'), ...(!data.source && { noise: noiseOf(data) }) },
    s: float(['batch'], 'their time, 1 for noise and 0 for data'),
    t: float(['batch'], 'the time to jump to'),
    ...(isStep
      ? { noise: pointsAt(trained, 'standard normal noise, fresh for each step') }
      : toldSignature(trained)),
    y: pointsAt(trained, `points at time t${mayTurn(data) ? '; angles are the same modulo 2 pi' : ''}`),
    ...(hasLogits(config) && {
      logits: float(
        ['batch', ...pointOf(config, data).shape],
        'logits of the symbols of data.text.alphabet at each position: y = (t/s) x + (1 - t/s) softmax(logits)',
      ),
    }),
    ...(Boolean(config.network.divergenceHead) && {
      logDensityChange: float(
        ['batch'],
        'log p_t(y) - log p_s(x) in nats, as the divergence head estimates it',
      ),
    }),
  }
}

/** Methods whose last step of a map of text ends at its probabilities. */
const TO_PROBABILITIES: readonly string[] = ['jump', 'euler', 'renoise']

/**
 * Of a sampler in one graph.
 *
 * @param first  name of its first input
 * @param added  names of the noise that the method adds
 */
export function samplerSignature(
  trained: Trained,
  {
    method,
    first,
    added,
  }: { readonly method: string; readonly first: string; readonly added: readonly string[] },
): Signature {
  const { config, data } = trained
  const begin = data.source ? `points of ${data.source.name}` : noiseOf(data)
  const isText = data.text !== undefined
  const areProbabilities = isText && hasLogits(config) && TO_PROBABILITIES.includes(method)
  const end = areProbabilities
    ? 'probabilities of the symbols of data.text.alphabet at each position'
    : isText
      ? 'numbers of the symbols of data.text.alphabet at each position, whose largest is the symbol'
      : "points of the data, in the data's own units"
  return {
    [first]: pointsAt(trained, begin),
    ...Object.fromEntries(added.map(name => [name, pointsAt(trained, 'standard normal noise')])),
    ...(method !== 'transition' && toldSignature(trained)),
    samples: pointsAt(trained, end),
  }
}
