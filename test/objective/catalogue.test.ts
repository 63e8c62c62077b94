import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkGraph, simplify, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import { fromVelocity, type VelocityField } from '../../src/model/index.ts'
import { diagonals, type Loss, objectives } from '../../src/objective/index.ts'
import { drawOf } from './setting.ts'

const ROOT = new URL('../../', import.meta.url)
const list = [...objectives.values()]
/** Rows whose consistency term is another row's, where it is cited. */
const SHARED: Readonly<Record<string, string>> = { semigroup: 'psd' }

describe.each(list)('$id', objective => {
  const { id, options, loss, diagonal } = objective

  test('is described', () => {
    expect(objectives.get(id)).toBe(objective)
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
    for (const key of ['name', 'formula', 'tex', 'whenToUse', 'trouble'] as const) {
      expect(objective[key].trim().length, key).toBeGreaterThan(3)
    }
    expect(objective.tex.split('{').length).toBe(objective.tex.split('}').length)
    expect(objective.paper).toMatch(/\d{4}, (arXiv:\d{4}\.\d{5}|doi:10\.\d{4,}\/\S+)$/)
  })

  test('is found where it says', () => {
    const file = new URL(objective.source, ROOT)
    expect(existsSync(file)).toBe(true)
    const fn = loss ? loss(options.parse({})) : diagonals[diagonal!]
    const source = readFileSync(file, 'utf8')
    expect(fn.name).not.toBe('')
    expect(source).toContain(`export const ${fn.name}: Loss`)
    const shared = objectives.get(SHARED[id] ?? id)!
    expect(source).toContain(/arXiv:\S+/.exec(shared.paper)![0])
  })

  test('refuses unknown options and fills in its own', () => {
    expect(options.safeParse({}).success).toBe(true)
    const refused = options.safeParse({ nonsense: 1 })
    expect(refused.success).toBe(false)
    expect(refused.error?.issues[0]).toMatchObject({ code: 'unrecognized_keys', keys: ['nonsense'] })
    expect(options.safeParse(null).success).toBe(false)
  })

  test('has defaults that make sense', () => {
    const { weight = 1, diagonalFraction, clip = 1 } = objective.defaults
    expect(weight).toBeGreaterThan(0)
    expect(clip).toBeGreaterThan(0)
    if (loss === null) expect(diagonalFraction).toBe(1)
    if (diagonal === null) expect(diagonalFraction).toBe(0)
    expect(loss === null && diagonal === null).toBe(false)
  })

  test('needs what it uses', () => {
    const terms = [...(loss ? [loss(options.parse({}))] : []), ...(diagonal ? [diagonals[diagonal]] : [])]
    let asked = false
    const teacher: VelocityField = {
      velocity: x => {
        asked = true
        return x.sin()
      },
    }
    for (const term of terms) traceTerm(term, [3, 2], teacher)
    expect(asked).toBe(objective.needs.includes('teacher'))
  })

  test.each([[[3, 2]], [[3, 2, 4]], [[1, 2, 2, 1]]])('gives one loss for each sample of shape %j', shape => {
    const terms = [...(loss ? [loss(options.parse({}))] : []), ...(diagonal ? [diagonals[diagonal]] : [])]
    for (const term of terms) {
      const graph = traceTerm(term, shape)
      checkGraph(graph)
      checkGraph(simplify(graph))
      expect(graph.outputs[0].shape).toEqual([shape[0]])
    }
  })
})

/** The graph of a term on points of a shape, for a map that is no network. */
function traceTerm(
  term: Loss,
  shape: readonly number[],
  teacher: VelocityField = { velocity: x => x.sin() },
) {
  const map = fromVelocity((x, s, t) => x.mul(s).sub(t.square()).sin())
  const time = spec([shape[0], ...shape.slice(1).map(() => 1)])
  return trace(
    inputs => term(drawOf({ map, teacher }, inputs as unknown as Tensor[])),
    [spec(shape), spec(shape), time, time, time],
  )
}

test('ids are unique and diagonals are rows', () => {
  expect(new Set(list.map(({ id }) => id)).size).toBe(list.length)
  for (const id of Object.keys(diagonals)) expect(objectives.get(id)?.rule).toBe('diagonal')
})

test('published costs are those of the literature', () => {
  const costs = Object.fromEntries(list.map(({ id, publishedCost }) => [id, publishedCost]))
  expect(costs).toMatchObject({
    lmd: 9,
    lsd: 10,
    emd: 7,
    esd: 10,
    meanflow: 4,
    psd: 8,
    'lmd-discrete': null,
    'emd-discrete': null,
  })
})
