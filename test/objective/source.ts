import { readFileSync } from 'node:fs'
import { parseAst } from 'vitest/node'
import { z } from 'zod'
import * as autodiff from '../../src/autodiff/index.ts'
import * as model from '../../src/model/index.ts'
import * as denoise from '../../src/objective/denoise.ts'
import * as denoiseWeights from '../../src/objective/denoise-weights.ts'
import * as energyTraining from '../../src/objective/energy-training.ts'
import * as guidance from '../../src/objective/guidance.ts'
import * as loss from '../../src/objective/loss.ts'
import * as players from '../../src/objective/matching/players.ts'
import * as objective from '../../src/objective/objective.ts'
import * as reward from '../../src/objective/reward.ts'
import * as rewardTraining from '../../src/objective/reward-training.ts'
import * as critic from '../../src/objective/rows/critic.ts'
import * as divergence from '../../src/objective/rows/divergence.ts'
import * as levels from '../../src/objective/rows/levels.ts'
import * as matching from '../../src/objective/rows/matching.ts'
import * as policy from '../../src/objective/rows/policy.ts'
import * as samples from '../../src/objective/rows/samples.ts'
import * as selfEvaluation from '../../src/objective/rows/self-evaluation.ts'
import * as schedule from '../../src/objective/schedule.ts'
import * as tiltWeights from '../../src/objective/tilt-weights.ts'

/** The catalogue built again from its source text, so that a formula can be changed in it. */

const FOLDER = new URL('../../src/objective/', import.meta.url)

/** The files that are built again, each after those it imports. */
export const FILES = [
  'diagonal',
  'compositional',
  'lagrangian',
  'data-free',
  'eulerian',
  'consistency',
  'flow-map-matching',
  'trajectory',
  'categorical',
  'second-wave',
  'rows/diagonal',
  'rows/compositional',
  'rows/lagrangian',
  'rows/data-free',
  'rows/eulerian',
  'rows/consistency',
  'rows/others',
  'rows/energy',
  'rows/manifold',
  'rows/categorical',
  'catalogue',
] as const
export type File = (typeof FILES)[number]

/** What those files take as it is. */
const GIVEN: Readonly<Record<string, object>> = {
  zod: { z },
  '../autodiff': autodiff,
  '../model': model,
  '../../model': model,
  guidance,
  loss,
  objective,
  // Held to their formulas in reward.test.ts, and to the fixed point that they leave in steering.test.ts.
  reward,
  'reward-training': rewardTraining,
  'tilt-weights': tiltWeights,
  // Held to their fixtures and to their least values in density/.
  'energy-training': energyTraining,
  schedule,
  // Held to its weights in closed form, and to fixtures, in denoise.test.ts.
  denoise,
  'denoise-weights': denoiseWeights,
  // Held to gradients in closed form in matching/.
  'rows/matching': matching,
  '../matching/players': players,
  'rows/critic': critic,
  'rows/levels': levels,
  'rows/samples': samples,
  'rows/self-evaluation': selfEvaluation,
  // Held to what they leave on a curved flow in f2d2.test.ts.
  'rows/divergence': divergence,
  // Held to the exact velocity in policy.test.ts.
  'rows/policy': policy,
}

/** A node of a syntax tree, as far as it is looked at here. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  // biome-ignore lint/suspicious/noExplicitAny: the fields depend on the type
  readonly [field: string]: any
}

export const parse = (code: string, lang: 'ts' | 'js'): Node => parseAst(code, { lang }) as unknown as Node

/** Calls `visit` on a node and all below it; what it answers is given to the nodes below. */
export function walk<T>(node: Node, state: T, visit: (node: Node, state: T) => T): void {
  const below = visit(node, state)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child && typeof child === 'object' && typeof child.type === 'string') walk(child, below, visit)
    }
  }
}

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text with its edits, which do not overlap. */
export function edit(code: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end), code)
}

const TYPES = ['TSTypeAnnotation', 'TSTypeParameterInstantiation', 'TSTypeParameterDeclaration']
const WRAPPERS = ['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression']

/** Where a file's text says what only a compiler reads, or imports and exports. */
function plainEdits(code: string): Edit[] {
  const edits: Edit[] = []
  walk(parse(code, 'ts'), false, (node, gone) => {
    if (gone) return true
    const remove = (from: number, to: number, text = '') => {
      edits.push({ start: from, end: to, text })
      return true
    }
    const { type, start, end } = node
    if (TYPES.includes(type)) return remove(start, end)
    if (WRAPPERS.includes(type)) {
      edits.push({ start: node.expression.end, end, text: '' })
      return false
    }
    if (type === 'ImportDeclaration') return remove(start, end, importText(node))
    if (/^TS(Interface|TypeAlias)Declaration$/.test(type)) return remove(start, end)
    if (type === 'ExportNamedDeclaration') {
      if (/^TS/.test(node.declaration?.type)) return remove(start, end)
      edits.push({ start, end: node.declaration.start, text: '' })
    }
    return false
  })
  return edits
}

function importText({ specifiers, source, importKind }: Node): string {
  const values = specifiers.filter((s: Node) => importKind !== 'type' && s.importKind !== 'type')
  const names = values.map(({ imported, local }: Node) => `${imported.name}: ${local.name}`)
  return names.length ? `const { ${names.join(', ')} } = $get(${JSON.stringify(source.value)})` : ''
}

/** Each file in plain JavaScript, without imports and exports. */
export const sources: ReadonlyMap<File, string> = new Map(
  FILES.map(file => {
    const code = readFileSync(new URL(`${file}.ts`, FOLDER), 'utf8')
    return [file, edit(code, plainEdits(code))]
  }),
)

/** Names that a file declares. */
const declared = (code: string): string[] =>
  parse(code, 'js').body.flatMap((node: Node) =>
    node.type === 'FunctionDeclaration'
      ? [node.id.name]
      : (node.declarations ?? []).flatMap(({ id }: Node) => (id.type === 'Identifier' ? [id.name] : [])),
  )

/** The name of a module as a file of these folders imports it. */
const moduleName = (path: string): string =>
  path
    .replace(/^\.\.?\/(?=[a-z-]+\.ts$)/, '')
    .replace(/^\.\//, '')
    .replace(/(\/index)?\.ts$/, '')

const names = new Map([...sources].map(([file, code]) => [file, declared(code)]))

function run(file: File, code: string, built: ReadonlyMap<string, object>): object {
  const get = (path: string) => {
    const found = GIVEN[moduleName(path)] ?? built.get(moduleName(path))
    if (!found) throw new Error(`${file} imports ${path}, which is not known`)
    return found
  }
  const body = `const $stop = $get('../autodiff/index.ts').stopGradient\n${code}\nreturn { ${names.get(file)!.join(', ')} }`
  return new Function('$get', body)(get)
}

const originals = new Map<string, object>()
for (const file of FILES) originals.set(file, run(file, sources.get(file)!, originals))

const imports = new Map(
  [...sources].map(([file, code]) => [
    file,
    [...code.matchAll(/\$get\("(.*?)"\)/g)].map(([, path]) => moduleName(path)),
  ]),
)

/** All files with one file's text replaced. */
export function builtWith(file: File, code: string): ReadonlyMap<string, object> {
  const changed = new Map<string, object>()
  const built = () => new Map([...originals, ...changed])
  changed.set(file, run(file, code, built()))
  for (const next of FILES.slice(FILES.indexOf(file) + 1)) {
    const depends = imports.get(next)!.some(name => changed.has(name))
    if (depends) changed.set(next, run(next, sources.get(next)!, built()))
  }
  return built()
}
