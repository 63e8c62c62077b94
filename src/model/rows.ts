import type { NetworkConfig, PointSpec } from './network.ts'
import { kindOf } from './networks.ts'

/** Numbers of all layers together that are taken at once: a quarter of a gigabyte in float32. */
const AT_ONCE = 2 ** 26
/** Numbers of all layers for each coordinate of a point, of a network that is not known. */
const UNKNOWN = 1024

const rowsFor = (numbers: number, most: number): number =>
  Math.max(1, Math.min(most, Math.floor(AT_ONCE / numbers)))

/**
 * How many points go through a network at once, so that the memory which that takes is bounded: attention between the
 * patches of pictures takes far more than a perceptron on points in the plane.
 *
 * @param most  however small the network is
 */
export const rowsAtOnce = (config: NetworkConfig, point: PointSpec, most: number): number =>
  rowsFor(kindOf(config).activations(config, point), most)

/** The same of a network of which only the number of coordinates of its points is known. */
export const rowsOfUnknown = (dimension: number, most: number): number => rowsFor(UNKNOWN * dimension, most)
