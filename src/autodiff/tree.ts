/** Nested values: a leaf, an array of trees, or a record of trees. */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> }

/** The same nesting with another kind of leaf. */
export type MapTree<S, T, U> = S extends T
  ? U
  : S extends readonly unknown[]
    ? { [K in keyof S]: MapTree<S[K], T, U> }
    : S extends object
      ? { [K in keyof S]: MapTree<S[K], T, U> }
      : never

/** The leaves of a tree with their paths (`layers.0.weight`), in the order of its keys. */
export function leaves<T>(
  tree: unknown,
  isLeaf: (value: unknown) => value is T,
  path = '',
): [path: string, leaf: T][] {
  if (isLeaf(tree)) return [[path, tree]]
  if (tree === null || typeof tree !== 'object') {
    throw new TypeError(
      `${path || 'the value'}: ${tree === null ? 'null' : typeof tree} is not a leaf of the tree`,
    )
  }
  return Object.entries(tree).flatMap(([key, child]) => leaves(child, isLeaf, path ? `${path}.${key}` : key))
}

/** Replaces the leaves, in the order of `leaves`, keeping the nesting. */
export function mapTree<T, U, S>(
  tree: S,
  isLeaf: (value: unknown) => value is T,
  change: (leaf: T, path: string) => U,
  path = '',
): MapTree<S, T, U> {
  if (isLeaf(tree)) return change(tree, path) as MapTree<S, T, U>
  const child = (value: unknown, key: string | number) =>
    mapTree(value, isLeaf, change, path ? `${path}.${key}` : String(key))
  if (Array.isArray(tree)) return tree.map(child) as MapTree<S, T, U>
  if (tree === null || typeof tree !== 'object') {
    throw new TypeError(
      `${path || 'the value'}: ${tree === null ? 'null' : typeof tree} is not a leaf of the tree`,
    )
  }
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, child(value, key)])) as MapTree<
    S,
    T,
    U
  >
}
