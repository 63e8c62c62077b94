import { random } from '../../src/random/random.ts'
import type { ComparisonData, SeedAverage } from '../../src/report/types.ts'

/** Points near a circle, `[n, 2]`. */
export function ring(n: number, seed: number): Float32Array {
  const source = random(seed, 'ring')
  const points = new Float32Array(2 * n)
  for (let i = 0; i < n; i++) {
    const angle = (source.integer(8) * Math.PI) / 4
    points[2 * i] = 4 * Math.cos(angle) + 0.2 * source.normal()
    points[2 * i + 1] = 4 * Math.sin(angle) + 0.2 * source.normal()
  }
  return points
}

function estimate(mean: number, sd: number | null = 0.01): SeedAverage {
  return { mean, sd, values: sd === null ? [mean] : [mean - sd, mean, mean + sd] }
}

const scores: Record<string, number[]> = {
  euler: [2.73, 0.94, 0.33, 0.32],
  semigroup: [0.28, 0.24, 0.2, 0.26],
  lsd: [0.37, 0.31, 0.37, 0.38],
}

/** Three methods at 1, 2, 4 and 8 steps, three seeds: semigroup leads, and is within the floor at 4 steps only. */
export function example(clouds = 300): ComparisonData {
  const steps = [1, 2, 4, 8]
  return {
    title: 'Ring <script>alert(1)</script> & "friends"',
    command: "oxbow compare --data ring --title '<b>'",
    dataset: { name: 'ring', dimension: 2, fingerprint: 'sha256:abc<def>' },
    seeds: 3,
    count: 5000,
    metrics: [
      {
        name: 'sw',
        label: 'Sliced Wasserstein <i>',
        unit: 'units',
        floor: { value: 0.15, low: 0.1, high: 0.21 },
      },
    ],
    methods: Object.entries(scores).map(([id, means], m) => ({
      id,
      label: id === 'lsd' ? 'lsd <img src=x>' : id,
      note: `note | of ${id}`,
      parameters: 76418,
      secondsToTrain: 30 * (m + 1),
      cells: steps.map((n, i) => ({ steps: n, values: { sw: estimate(means[i]) } })),
      samples: steps.map((n, i) => ({ steps: n, points: ring(clouds, 10 * m + i) })),
      loss: Array.from({ length: 300 }, (_, i) => ({ step: i, value: 1 / (1 + i) + 0.1 * (m + 1) })),
    })),
    reference: ring(clouds, 99),
    config: 'data: ring # </pre><script>\n',
  }
}
