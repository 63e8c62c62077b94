/** How far numbers are from those of a fixture. */
export interface Agreement {
  /** What the fixture is of, where it says. */
  readonly term?: string
  /** Relative errors by what is compared. */
  readonly errors: Readonly<Record<string, number>>
  readonly passed: boolean
}

/** The largest error of an element, relative to the largest element expected. */
export function relativeError(found: Float64Array, expected: Float64Array): number {
  const scale = expected.reduce((top, v) => Math.max(top, Math.abs(v)), 1e-12)
  return found.reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i]) / scale), 0)
}
