import viewer from 'virtual:one-file-viewer'
import { pointOf } from '../../../config/index.ts'
import { decodeModelFile } from '../../../serialization/model.ts'
import { toText } from '../../engine/bytes.ts'
import { mapGraph } from '../../engine/map-graph.ts'
import { toHalves } from '../../example/half.ts'
import { WAYS } from '../draw/ways.ts'
import { graphData } from '../one-file/graph.ts'
import { type KeptMap, pageOf } from '../one-file/kept.ts'
import { drawTarget } from '../parts/target-points.ts'
import { linkOf } from '../state/link.ts'
import { selected, selectedLive, state } from '../state/store.ts'
import { ask } from '../state/training.ts'

/** Points that fly in it, and points of the data. */
const COUNT = 1000

const packed = (values: Float32Array): string => toText(toHalves(values))

/** A link is of use to others where the page is on the web. */
const webLink = (): string | null => (/^https?:$/.test(location.protocol) ? linkOf() : null)

const indicesOf = (marks: Uint8Array): number[] => [...marks.keys()].filter(i => marks[i] === 1)

/**
 * The selected run as a page of one file.
 *
 * @throws Error when the run has no weights of its own, or one of them has no 16 bits
 */
export async function oneFilePage(title: string): Promise<string> {
  const { selected: at, weights } = state.value
  const plan = selected.value
  const file = await ask(at, 'file', { format: 'safetensors', weights })
  const { config, data, parameters } = decodeModelFile(file, 'the map')
  const point = pointOf(config, data)
  const flown = await Promise.all(
    WAYS.map(({ steps, method }) =>
      ask(at, 'samples', { steps, method, weights, count: COUNT, seed: plan.seed }),
    ),
  )
  const [{ path, floors }] = flown
  const classes = selectedLive.value?.classes
  const kept: KeptMap = {
    version: 1,
    title,
    at,
    noise: packed(path[0]),
    target: plan.target.kind === 'unknown' ? '' : packed(drawTarget(plan.target, COUNT)),
    samples: packed(path[1]),
    strays: flown.map(({ values, marks }) =>
      values.strays === undefined ? null : { value: values.strays, at: indicesOf(marks) },
    ),
    floor: floors.strays?.value ?? null,
    parameters: packed(parameters),
    jump: graphData(mapGraph(config, point, 'jump')),
    velocity: graphData(mapGraph(config, point, 'velocity')),
    class: classes ? (state.value.class ?? classes.names.length) : null,
    link: webLink(),
  }
  return pageOf(kept, viewer)
}
