import type { Values } from '../data/dataset.ts'
import { countPoints } from './points.ts'

/** Points of a leaf, which are looked at one after another. */
const LEAF = 12

/** Finds the nearest of many points. In more than some ten coordinates it looks at nearly all of them. */
export interface KdTree {
  readonly count: number
  /**
   * Squared distance to the nearest point, or `most` where none is nearer.
   *
   * @param point  finite; `D` numbers from `at`
   * @param enough  any squared distance up to this one ends the search
   * @param least  points at this squared distance or nearer are passed over; none by default
   */
  nearest(point: Values, at: number, most?: number, enough?: number, least?: number): number
}

/**
 * Bentley, Multidimensional binary search trees used for associative searching, 1975; split at the median of the coordinate
 * that spreads most.
 *
 * @param points  `[N, dimension]`, finite, not changed
 */
export function kdTree(points: Values, dimension: number): KdTree {
  const count = countPoints(points, dimension)
  const order = Int32Array.from({ length: count }, (_, i) => i)
  // Nodes in the order of a depth-first walk: a leaf has axis -1.
  const axes: number[] = []
  const cuts: number[] = []
  const ends: number[] = []
  const right: number[] = []
  const build = (from: number, to: number): number => {
    const node = axes.length
    const axis = to - from > LEAF ? widest(points, dimension, order, from, to) : -1
    axes.push(axis)
    ends.push(to)
    cuts.push(0)
    right.push(0)
    if (axis < 0) return node
    const middle = (from + to) >> 1
    select(order, from, to - 1, middle, i => points[i * dimension + axis])
    cuts[node] = points[order[middle] * dimension + axis]
    build(from, middle)
    right[node] = build(middle, to)
    return node
  }
  build(0, count)
  const sorted = new Float64Array(points.length)
  order.forEach((i, k) => {
    sorted.set(points.subarray(i * dimension, (i + 1) * dimension), k * dimension)
  })

  return {
    count,
    nearest(point, at, most = Infinity, enough = -1, least = -1) {
      let best = most
      const visit = (node: number, from: number): void => {
        const axis = axes[node]
        if (axis < 0) {
          for (let row = from; row < ends[node] && best > enough; row++) {
            let square = 0
            for (let k = 0, j = row * dimension; k < dimension && square < best; k++, j++) {
              square += (point[at + k] - sorted[j]) ** 2
            }
            if (square < best && square > least) best = square
          }
          return
        }
        const gap = point[at + axis] - cuts[node]
        const middle = (from + ends[node]) >> 1
        if (gap < 0) visit(node + 1, from)
        else visit(right[node], middle)
        if (best <= enough || gap * gap >= best) return
        if (gap < 0) visit(right[node], middle)
        else visit(node + 1, from)
      }
      visit(0, 0)
      return best
    },
  }
}

/** The coordinate in which some points spread most; -1 where they are all equal. */
function widest(points: Values, dimension: number, order: Int32Array, from: number, to: number): number {
  let [found, most] = [-1, 0]
  for (let axis = 0; axis < dimension; axis++) {
    let [low, high] = [Infinity, -Infinity]
    for (let i = from; i < to; i++) {
      const value = points[order[i] * dimension + axis]
      if (value < low) low = value
      if (value > high) high = value
    }
    if (high - low > most) {
      most = high - low
      found = axis
    }
  }
  return found
}

/** Hoare's selection: puts the `k`-th smallest in its place, smaller ones before it and larger ones behind. */
function select(order: Int32Array, left: number, right: number, k: number, key: (i: number) => number): void {
  while (left < right) {
    const pivot = key(order[(left + right) >> 1])
    let [i, j] = [left, right]
    while (i <= j) {
      while (key(order[i]) < pivot) i++
      while (key(order[j]) > pivot) j--
      if (i > j) break
      const kept = order[i]
      order[i++] = order[j]
      order[j--] = kept
    }
    if (k <= j) right = j
    else if (k >= i) left = i
    else return
  }
}
