import { type Edit, edit, type File, type Node, parse, sources, walk } from './source.ts'

/** One small change of a formula's text. */
export interface Mutant {
  readonly file: File
  /** The function, or the row, that it is in. */
  readonly within: string
  /** `WITHIN: THIS -> THAT`, with a number where the text stands there more than once. */
  readonly name: string
  readonly code: string
}

/** Names that stand for the same kind of thing: each may be mistaken for another. */
const KINDS = [
  ['s', 't', 'm', 'r', 'zero', 'one', 'after', 'before'],
  ['x', 'xm', 'x1', 'y', 'xt', 'z', 'x0', 'eps', 'noise', 'samples'],
  ['map', 'target', 'frozen', 'pretrained'],
  ['teacher', 'auxiliary', 'map'],
  ['V', 'dV', 'u', 'Vm', 'dF', 'spatial', 'first', 'second', 'known', 'g', 'tangent', 'back', 'dBack'],
  ['z', 'dz', 'psi', 'dpsi', 'here', 'there', 'left', 'mixed', 'still', 'pushed', 'own', 'back'],
  ['gap', 'w', 'h', 'step', 'tilt', 'a', 'd', 'delta'],
]
const METHODS: Readonly<Record<string, string>> = {
  add: 'sub',
  sub: 'add',
  mul: 'div',
  div: 'mul',
  maximum: 'minimum',
  minimum: 'maximum',
  softmax: 'logSoftmax',
  logSoftmax: 'softmax',
}
const UNARY: ReadonlySet<string> = new Set(['neg', 'square', 'sqrt', 'exp'])
/** Of their argument the shape alone is read. */
const FUNCTIONS: Readonly<Record<string, string>> = { onesLike: 'zerosLike', zerosLike: 'onesLike' }
const WORDS: Readonly<Record<string, string>> = { sum: 'mean', mean: 'sum' }
const OPERATORS: Readonly<Record<string, string>> = { '*': '/', '/': '*', '-': '+', '**': '*' }
/** Values that depend on the student, whose gradient a stop would change. */
const STUDENT: ReadonlySet<string> = new Set(['V', 'dV', 'dF', 'xt', 'back', 'dBack', 'y', 'psi', 'dz'])

const isFunction = ({ type }: Node) => /Function/.test(type)

/** Names that a pattern binds. */
function bound(pattern: Node): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((p: Node) => bound(p.value ?? p.argument))
    case 'ArrayPattern':
      return pattern.elements.flatMap((p: Node | null) => (p ? bound(p) : []))
    default:
      return []
  }
}

/** Names that a function binds: its parameters, and what its body declares before a place. */
function namesIn(fn: Node, place: number): string[] {
  const declared = (fn.body.type === 'BlockStatement' ? fn.body.body : [])
    .filter((statement: Node) => statement.type === 'VariableDeclaration' && statement.end <= place)
    .flatMap(({ declarations }: Node) => declarations.flatMap(({ id }: Node) => bound(id)))
  return [...fn.params.flatMap(bound), ...declared]
}

interface Context {
  readonly scope: readonly Node[]
  /** Whether gradients are stopped around this place already. */
  readonly stopped: boolean
  readonly parent: Node | null
}

/** The changes that begin at a node. */
function changes(node: Node, { scope, stopped, parent }: Context, code: string): Edit[] {
  const text = ({ start, end }: Node) => code.slice(start, end)
  const by = (text: string, at: Node = node): Edit => ({ start: at.start, end: at.end, text })
  const stop = by(`$stop(${text(node)})`)

  if (node.type === 'Identifier') {
    const isName =
      (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) ||
      (parent?.type === 'Property' && parent.key === node)
    if (isName) return []
    const inScope = new Set(scope.flatMap(fn => namesIn(fn, node.start)))
    const shapeOnly = parent?.type === 'CallExpression' && parent.callee.name in FUNCTIONS
    if (!inScope.has(node.name) || shapeOnly) return []
    const others = KINDS.filter(kind => kind.includes(node.name))
      .flat()
      .filter(name => name !== node.name && inScope.has(name))
    const stops = STUDENT.has(node.name) && !stopped ? [stop] : []
    return [...[...new Set(others)].map(name => by(name)), ...stops]
  }

  if (node.type === 'CallExpression') {
    const { callee, arguments: given } = node
    if (callee.type === 'Identifier') {
      const other = FUNCTIONS[callee.name]
      if (callee.name === 'stopGradient') return [by(text(given[0]))]
      return other ? [by(other, callee)] : []
    }
    if (callee.type !== 'MemberExpression') return []
    const { object, property } = callee
    const method = property.name as string
    if (method in METHODS) return [by(METHODS[method], property), by(text(object)), ...operand(given[0])]
    if (UNARY.has(method)) return [by(text(object))]
    if (!['jump', 'velocity', 'logits'].includes(method)) return []
    const byMap = object.name === 'map' && !stopped ? [stop] : []
    if (method === 'jump') return [by('velocity', property), ...byMap]
    if (method === 'logits') return byMap
    if (given.length === 3)
      return [
        by('jump', property),
        by(`${text(object)}.velocity(${text(given[0])}, ${text(given[1])})`),
        ...byMap,
      ]
    return byMap
  }

  if (node.type === 'Literal') {
    if (typeof node.value === 'number') return [by(String(node.value + 1)), by(String(node.value / 2 - 0.25))]
    const word = WORDS[node.value]
    return word ? [by(`'${word}'`)] : []
  }
  if (node.type === 'BinaryExpression' && node.operator in OPERATORS) {
    return [by(`(${text(node.left)}) ${OPERATORS[node.operator]} (${text(node.right)})`)]
  }
  if (node.type === 'ConditionalExpression') return [by(text(node.consequent)), by(text(node.alternate))]
  if (node.type === 'UnaryExpression' && node.operator === '-') return [by(text(node.argument))]
  if (node.type === 'ArrayPattern' && node.elements.length === 2 && node.elements.every(Boolean)) {
    return [by(`[${text(node.elements[1])}, ${text(node.elements[0])}]`)]
  }
  return []

  /** A product's or sum's operand alone would have another shape or type; a tensor's may not. */
  function operand(argument: Node | undefined): Edit[] {
    return argument && argument.type !== 'Literal' ? [by(text(argument))] : []
  }
}

/** Whether a place may be changed: formulas everywhere, rows in their parts alone. */
const isFormula = (file: File) => !file.startsWith('rows/') && file !== 'catalogue'

const nameOf = ({ type, id, declarations }: Node): string =>
  type === 'FunctionDeclaration' ? id.name : (declarations?.[0].id.name ?? '')

type Visit = (within: string, root: Node) => void
type Change = (within: string, edit: Edit) => void

/** All mutants of a file. */
export function mutantsOf(file: File): Mutant[] {
  const code = sources.get(file)!
  const found: { within: string; edit: Edit }[] = []
  const change: Change = (within, edit) => found.push({ within, edit })
  const visit: Visit = (within, root) =>
    walk<Context>(root, { scope: [], stopped: false, parent: null }, (node, context) => {
      for (const edit of changes(node, context, code)) change(within, edit)
      const stops = node.type === 'CallExpression' && node.callee.name === 'stopGradient'
      return {
        scope: isFunction(node) ? [...context.scope, node] : context.scope,
        stopped: context.stopped || stops,
        parent: node,
      }
    })
  const statements: readonly Node[] = parse(code, 'js').body
  const formulas = statements.flatMap(({ start, end, declarations }) =>
    /\$get\("\.\.?\/(?!autodiff|objective|schedule|reward|loss|rows)/.test(code.slice(start, end))
      ? bound(declarations[0].id)
      : [],
  )
  for (const statement of statements) {
    if (!isFormula(file)) wirings(statement, formulas, visit, change)
    else if (statement.type === 'FunctionDeclaration') visit(nameOf(statement), statement)
    else if (statement.declarations && isFunction(statement.declarations[0].init)) {
      visit(nameOf(statement), statement.declarations[0].init)
    }
  }
  return named(file, code, found)
}

/**
 * What joins formulas to options: a row's parts or its diagonal term, a table of formulas. There a formula may be mistaken
 * for another, and a part may lose its weight.
 */
function wirings(statement: Node, formulas: readonly string[], visit: Visit, change: Change): void {
  const exchange = (within: string, root: Node) => {
    visit(within, root)
    walk(root, null, node => {
      if (node.type === 'Identifier' && formulas.includes(node.name)) {
        const other = formulas[(formulas.indexOf(node.name) + 1) % formulas.length]
        if (other !== node.name) change(within, { start: node.start, end: node.end, text: other })
      }
      if (node.type === 'Property' && ['weight', 'plain'].includes(node.key.name)) {
        change(within, { start: node.start, end: node.end, text: '' })
      }
      return null
    })
  }
  const name = nameOf(statement)
  if (name === 'SPACES') exchange(name, statement)
  walk<string>(statement, '', (node, row) => {
    const properties: Node[] = node.type === 'ObjectExpression' ? node.properties : []
    const id = properties.find(({ key }) => key?.name === 'id')?.value.value ?? row
    for (const { key, value } of properties) {
      if (['parts', 'grounds'].includes(key?.name) && isFunction(value)) exchange(id, value)
    }
    return id
  })
}

function named(file: File, code: string, found: readonly { within: string; edit: Edit }[]): Mutant[] {
  const counts = new Map<string, number>()
  const seen = new Set([code])
  return found.flatMap(({ within, edit: change }): Mutant[] => {
    const changed = edit(code, [change])
    if (seen.has(changed)) return []
    seen.add(changed)
    const plain = (text: string) => text.replace(/\s+/g, ' ')
    const label = `${within}: ${plain(code.slice(change.start, change.end))} -> ${plain(change.text)}`
    const count = (counts.get(label) ?? 0) + 1
    counts.set(label, count)
    return [{ file, within, name: count > 1 ? `${label} (${count})` : label, code: changed }]
  })
}
