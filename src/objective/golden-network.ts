import { z } from 'zod'
import { constant, type DType, type Tensor } from '../autodiff/index.ts'
import { applyDit } from '../model/dit/dit.ts'
import type { DitOptions } from '../model/dit/options.ts'
import { type Condition, conditionings, type FlowMap, flowMap, type Named } from '../model/index.ts'

/** Numbers in rows, in rows of rows, or alone. */
export const numbers = z.union([z.array(z.number()), z.array(z.array(z.number()))])
/** Parameters by their names, weights `[out][in]`. */
export const networkValues = z.record(z.string(), numbers)
export type NetworkValues = z.infer<typeof networkValues>

/** The network of a fixture, in its own words. */
export const networkOptions = z.strictObject({
  image: z.tuple([z.int(), z.int(), z.int()]),
  patch: z.int(),
  width: z.int(),
  depth: z.int(),
  heads: z.int(),
  hidden: z.int(),
  /** 0 for none. */
  classes: z.int(),
  vector: z.int(),
  times: z.enum(Object.keys(conditionings) as [keyof typeof conditionings]),
  split: z.int(),
  embedding: z.enum(['fourier', 'sinusoidal']),
  frequencies: z.int(),
  timeScale: z.number(),
  period: z.literal(10_000),
  conditioning: z.enum(['adaln', 'tokens']),
  tokens: z.strictObject({ times: z.int(), label: z.int(), scale: z.int() }),
  norm: z.enum(['layer', 'rms']),
  modulationNorm: z.boolean(),
  qkNorm: z.boolean(),
  activation: z.enum(['gelu', 'swiglu']),
  position: z.enum(['sincos', 'rotary', 'rotary2d', 'none']),
  scale: z.enum(['none', 'inverse', 'complement']),
  outputScale: z.boolean(),
  parameterization: z.enum(['average-velocity', 'denoised']),
  least: z.number(),
  velocityHead: z.int(),
})
export type FixtureNetwork = z.infer<typeof networkOptions>

/** The same in our words. */
function ditOptions({ image, times, conditioning, tokens, ...fixture }: FixtureNetwork): DitOptions {
  const isTold = fixture.classes > 0 || fixture.vector > 0
  return {
    ...fixture,
    shape: image,
    scalesInput: false,
    backbone: 0,
    conditioning: times,
    injection: conditioning,
    labelTokens: isTold ? tokens.label : 0,
    scaleTokens: tokens.scale,
    intervalTokens: 0,
    timeTokens: tokens.times,
    interval: false,
    divergenceScale: 0,
    initialization: 'xavier',
    classes: fixture.classes || undefined,
    vector: fixture.vector || undefined,
  }
}

/** The shape of nested rows. */
export const shapeOf = (value: z.infer<typeof numbers>): number[] =>
  Array.isArray(value[0]) ? [value.length, value[0].length] : [value.length]

/** A constant of a fixture's numbers. */
export const constantOf = (
  value: z.infer<typeof numbers>,
  shape: readonly number[] = shapeOf(value),
  dtype: DType = 'float64',
): Tensor => constant(value.flat(), shape, dtype)

/** What each sample of a fixture's batch is told. */
export function conditionOf(
  { classes, vector }: FixtureNetwork,
  batch: Readonly<Record<string, z.infer<typeof numbers>>>,
): Condition<Tensor> {
  const { label, w, vector: vectors } = batch
  const count = batch.s.length
  return {
    ...(classes > 0 && label && { class: constantOf(label, [count], 'int64') }),
    ...(vector > 0 && vectors && { vector: withFlags(vectors, vector) }),
    ...(w && { scale: constantOf(w, [count, 1]) }),
  }
}

/** No vector of a fixture is none. */
const withFlags = (vectors: z.infer<typeof numbers>, size: number): Tensor =>
  constantOf(
    Array.from({ length: vectors.flat().length / size }, (_, i) => [
      ...vectors.flat().slice(i * size, (i + 1) * size),
      0,
    ]),
  )

/**
 * The flow map of a fixture's network.
 *
 * @param parameters  weights `[out, in]`
 */
export function fixtureMap(
  fixture: FixtureNetwork,
  parameters: Named<Tensor>,
  condition: Condition<Tensor>,
): FlowMap {
  const { width, parameterization, least } = fixture
  const ours = Object.entries(parameters).map(([name, value]) => [
    numbered(name, fixture, Object.keys(parameters)),
    name.endsWith('.weight') ? value.transpose() : value,
  ])
  const all = { 'vector.null': constant(0, [width], 'float64'), ...Object.fromEntries(ours) }
  return flowMap(applyDit(ditOptions(fixture), all, condition), { parameterization, least })
}

/** Blocks of a velocity head have the numbers of those that they double here, and may be counted from 0 there. */
function numbered(name: string, { depth, velocityHead }: FixtureNetwork, names: readonly string[]): string {
  const isCounted = names.some(each => each.startsWith('velocity.blocks.0.'))
  if (!isCounted || velocityHead === 0) return name
  return name.replace(
    /^velocity\.blocks\.(\d+)/,
    (_, i) => `velocity.blocks.${Number(i) + depth - velocityHead}`,
  )
}
