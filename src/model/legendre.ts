/** Nodes and weights of Gauss and Legendre on [0, 1], by Newton's method. */
export function legendre(n: number): { readonly u: number; readonly weight: number }[] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 0
    for (let round = 0; round < 50; round++) {
      let [p, before] = [x, 1]
      for (let k = 2; k <= n; k++) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p]
      slope = (n * (x * p - before)) / (x * x - 1)
      x -= p / slope
    }
    return { u: (1 - x) / 2, weight: 1 / ((1 - x * x) * slope * slope) }
  })
}
