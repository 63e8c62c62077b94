/** Ways from noise to data in the page: the jumps of a map, and solvers of its velocity that add no noise. */
export const PAGE_METHODS = ['jump', 'euler', 'heun', 'midpoint', 'ddim', 'dpm++2m'] as const
export type PageMethod = (typeof PAGE_METHODS)[number]
