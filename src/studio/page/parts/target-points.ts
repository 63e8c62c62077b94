import type { Dataset } from '../../../data/dataset.ts'
import { random } from '../../../random/random.ts'
import type { PlanePoints } from '../../engine/protocol.ts'
import { targetDataset } from '../../engine/target.ts'
import type { Target } from '../../plan.ts'

/** The last thing that was made for a key: of a target there is one at a time. */
function remembered<T>(make: (target: Target, count: number) => T): (target: Target, count?: number) => T {
  let last: { key: string; value: T } | undefined
  return (target, count = 0) => {
    const key = `${count} ${JSON.stringify(target)}`
    if (last?.key !== key) last = { key, value: make(target, count) }
    return last.value
  }
}

/** @throws DataError when the target is damaged */
export const datasetOf: (target: Target) => Dataset = remembered(target => targetDataset(target))

/** Points of a target, always the same ones. */
export function drawTarget(target: Target, count: number): PlanePoints {
  if (target.kind === 'unknown') return new Float32Array(0)
  const points = new Float32Array(2 * count)
  datasetOf(target).sample(random(0, 'studio target'), points)
  return points
}

export const targetPoints: (target: Target, count?: number) => PlanePoints = remembered(drawTarget)

const drawn = new Map<string, PlanePoints>()

/** A few points of a built-in dataset, for a small picture: drawn once, when they are asked for. */
export const fewPoints = (name: string) => (): PlanePoints => {
  if (!drawn.has(name)) drawn.set(name, drawTarget({ kind: 'built-in', name }, 500))
  return drawn.get(name)!
}

const NAMES: Readonly<Record<string, string>> = {
  'eight-gaussians': '8 Gaussians',
  'two-moons': 'two moons',
  'swiss-roll': 'swiss roll',
  gaussian: 'one Gaussian',
}

/** What a built-in dataset is called on the page. */
export const shortName = (name: string): string => NAMES[name] ?? name

export const nameOf = (target: Target): string =>
  target.kind === 'built-in'
    ? shortName(target.name)
    : target.kind === 'density'
      ? 'your drawing'
      : target.name
