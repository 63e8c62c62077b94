import { logSumExp } from '../../model/index.ts'
import type { Dataset } from '../dataset.ts'
import { spaceDataset } from './recipe.ts'

/** Edges from the root to a leaf, their length, what is drawn about each of so many points of an edge. */
const TREE = { depth: 3, length: 1.2, pointsOfEdge: 4, deviation: 0.12 }

/** An isometry that takes the lowest point and the two directions there to a place with its own, row after row. */
type Place = readonly number[]

const ORIGIN: Place = [1, 0, 0, 0, 1, 0, 0, 0, 1]

const product = (a: Place, b: Place): Place =>
  a.map((_, at) => {
    const [i, j] = [3 * Math.floor(at / 3), at % 3]
    return a[i] * b[j] + a[i + 1] * b[3 + j] + a[i + 2] * b[6 + j]
  })

const forward = (r: number): Place => [Math.cosh(r), Math.sinh(r), 0, Math.sinh(r), Math.cosh(r), 0, 0, 0, 1]
const turned = (a: number): Place => [1, 0, 0, 0, Math.cos(a), -Math.sin(a), 0, Math.sin(a), Math.cos(a)]

/** A place of the tree, and which branch of the root it belongs to. */
interface Leaf {
  readonly place: Place
  readonly branch: number
}

/** The places along an edge, and along the two edges at its end and all beyond them. */
function beyond(from: Place, branch: number, depth: number): Leaf[] {
  const { length, pointsOfEdge } = TREE
  const along = Array.from({ length: pointsOfEdge }, (_, i) => ({
    place: product(from, forward((length * (i + 1)) / pointsOfEdge)),
    branch,
  }))
  if (depth === 1) return along
  const end = along[pointsOfEdge - 1].place
  const others = [-1, 1].flatMap(side =>
    beyond(product(end, turned((side * Math.PI) / 3)), branch, depth - 1),
  )
  return [...along, ...others]
}

const places = (): Leaf[] =>
  [0, 1, 2].flatMap(branch => beyond(product(ORIGIN, turned((branch * 2 * Math.PI) / 3)), branch, TREE.depth))

/**
 * A tree with three edges at each node, all at equal angles, which the hyperbolic plane has room for where they are longer than `log 3`: with the
 * same probability `exp(u)` at each of its places, `u` normal. Its density is that of `u` over `sinh |u|/|u|`. Nagano et al., arXiv:1902.02992.
 */
export function hyperbolicTree(): Dataset {
  const tree = places()
  const { deviation } = TREE
  return spaceDataset({
    name: 'hyperbolic-tree',
    parameters: TREE,
    space: 'hyperbolic',
    dimension: 3,
    classes: 3,
    point(random, out, at) {
      const { place, branch } = tree[random.integer(tree.length)]
      const [a, b] = [deviation * random.normal(), deviation * random.normal()]
      const r = Math.hypot(a, b)
      const stretched = r === 0 ? 1 : Math.sinh(r) / r
      const [x, y, z] = [Math.cosh(r), stretched * a, stretched * b]
      for (let i = 0; i < 3; i++) out[at + i] = place[3 * i] * x + place[3 * i + 1] * y + place[3 * i + 2] * z
      return branch
    },
    logDensity(points, at) {
      const [x, y, z] = [points[at], points[at + 1], points[at + 2]]
      const constant = -Math.log(tree.length) - Math.log(2 * Math.PI * deviation ** 2)
      return logSumExp(
        tree.map(({ place }) => {
          // Where the point is seen from the place: the inverse is the transpose between two changes of sign.
          const ahead = -place[1] * x + place[4] * y + place[7] * z
          const aside = -place[2] * x + place[5] * y + place[8] * z
          const chord = Math.hypot(ahead, aside)
          const r = Math.asinh(chord)
          return constant - r ** 2 / (2 * deviation ** 2) - (r === 0 ? 0 : Math.log(chord / r))
        }),
      )
    },
  })
}
