/** Ways through a grid of times; what each is, is its row in `solvers/table.ts`. */
export const SOLVERS = [
  'jump',
  'renoise',
  'bridge',
  'transition',
  'euler',
  'heun',
  'midpoint',
  'rk4',
  'ddim',
  'ancestral',
  'dpm++2m',
  'sde-dpm++2m',
  'euler-maruyama',
  'edm',
  'adaptive',
] as const

/** How points are taken through a grid. */
export type SamplingMethod = (typeof SOLVERS)[number]

/** `auto` is what the map was trained for. */
export const METHODS = ['auto', ...SOLVERS] as const
export type MethodName = (typeof METHODS)[number]

/** Grids that have a name; what each is, is its row in `named-grids.ts`. */
export const GRIDS = [
  'uniform',
  'log-ratio',
  'karras',
  'cosine',
  'shifted',
  'discrete',
  'flow-map',
  'flow-match',
  'argmax',
] as const
export type GridName = (typeof GRIDS)[number]
