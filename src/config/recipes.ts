type Keys = Readonly<Record<string, unknown>>

/** A training that works as it is: an objective and everything around it, chosen together by measurement. */
export interface Recipe {
  readonly id: string
  readonly summary: string
  readonly objective: string
  /** Its keys under those that the user gives, which may decide some of its own. */
  readonly keys: (given: Keys) => Keys
}

const STEPS = 12_000
const BATCH = 512
const PAIRS = 32_768

/** Of the velocity. */
const NEAR_DATA = { law: 'logit-normal', mean: -0.8, deviation: 1.4 }

const countOr = (value: unknown, otherwise: number): number =>
  Number.isInteger(value) && (value as number) > 0 ? (value as number) : otherwise

/** As many trajectories for each draw whatever the length, so that a short training does not wait for a long one's. */
const pairsFor = (draws: number): number =>
  Math.min(PAIRS, Math.max(512, Math.round((PAIRS * draws) / (STEPS * BATCH))))

/** What a newcomer gets; measured against single objectives in `docs/recipes.md`. */
export const recipes = {
  /**
   * A velocity first, then a map that begins with its weights and learns whole trajectories of it (consistency
   * mid-training, Hu et al. 2025, arXiv:2509.24526). The learning rate falls to 0; the velocity sees more of the times
   * near the data, where its edges are sharp; a quarter of the jumps are the one from noise to data; and a robust loss
   * keeps the map's edges between modes sharp.
   */
  'one-step': {
    id: 'one-step',
    summary: 'a velocity first, then a map from its trajectories; best in one jump from data alone',
    objective: 'cmt',
    keys: ({ teacher = 'train', steps, batch }: Keys): Keys => ({
      teacher,
      ...(teacher === 'train' && { initFrom: 'teacher', teacherTraining: { times: NEAR_DATA } }),
      network: { kind: 'mlp', hidden: 256, layers: 4 },
      optimizer: { learningRate: 4e-3 },
      schedule: { kind: 'cosine', warmup: Math.round(countOr(steps, STEPS) / 60) },
      loss: { kind: 'pseudo-huber', c: 0.1 },
      times: { full: 0.25 },
      steps: STEPS,
      batch: countOr(batch, BATCH),
      coupling: { pairs: pairsFor(countOr(steps, STEPS) * countOr(batch, BATCH)) },
    }),
  },
} as const satisfies Record<string, Recipe>

export type RecipeName = keyof typeof recipes

/** Where neither a recipe nor an objective is named. */
export const DEFAULT_RECIPE: RecipeName = 'one-step'
