import { execFileSync } from 'node:child_process'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { isWhole, long } from '../helpers/long.ts'
import { drawMutants } from './draws.ts'
import { catcher, drawCatcher } from './judge.ts'
import { mutantsOf } from './mutations.ts'
import { FILES, sources } from './source.ts'

/** Mutants that compute the same as the formula, with the reason. */
const EQUIVALENT: Readonly<Record<string, string>> = {
  'difference: [after, before] -> [before, after]': 'numerator and denominator both change sign',
  'ayfLmd: V -> $stop(V)': 'enters the stopped target alone, through F',
  'ayfLmd: xt -> $stop(xt)': 'enters the stopped target alone',
  'ayfLmd: xt -> $stop(xt) (2)': 'enters the stopped target alone',
  'inverseLagrangian: xt -> $stop(xt)': 'a point of the path has no parameters',
  'meanflowSelf: stopGradient(target.velocity(x, s)) -> target.velocity(x, s)':
    'enters the stopped target alone',
  'overSymbols: -1 -> 1 (2)': 'the last of two axes',
  'divergence: target.maximum(LEAST) -> target':
    'no probability is 0 there; where one is, categorical.test.ts',
  'lsdSimplex: dz -> $stop(dz)': 'enters the stopped target alone',
  'lsdSimplex: psi -> $stop(psi)': 'enters the stopped target alone',
  'lsdSimplex: stopGradient(jumpBy(psi, x, s, t)) -> jumpBy(psi, x, s, t)': 'enters the stopped target alone',
  'esdSimplex: dz -> $stop(dz)': 'enters the stopped target alone',
  'esdSimplex: stopGradient(x.sub(here.softmax()).div(s)) -> x.sub(here.softmax()).div(s)':
    'enters the stopped target alone',
  'ecld: stopGradient(jumpBy(psi, x, s, t)) -> jumpBy(psi, x, s, t)': 'enters the stopped target alone',
  'boot: V -> $stop(V)': 'is stopped already',
  'boot: V -> $stop(V) (2)': 'is stopped already',
  'boot: V -> $stop(V) (3)': 'is stopped already',
  'ayfTangent: V -> $stop(V) (3)': 'enters the stopped target alone',
  'ayfTangent: V -> $stop(V)': 'enters the stopped target alone',
  'ayfTangent: dV -> $stop(dV)': 'enters the stopped target alone',
  'pid: V -> $stop(V)': 'enters the stopped target alone, through F',
  'freeflowPrediction: V -> $stop(V)': 'enters the stopped target alone, through F',
  'freeflowPrediction: map.velocity(eps, s, t) -> $stop(map.velocity(eps, s, t)) (2)':
    'enters the stopped target alone, through D_t V',
  'covariantDerivative: dV -> $stop(dV)': 'enters stopped targets alone',
  'imf: stopGradient(gap.mul(V)) -> gap.mul(V)': 'a curved space alone looks at it',
  'scm: s.neg() -> s': 'what is across a geodesic is so in both directions',
  'facmConsistency: s.neg() -> s': 'what is across a geodesic is so in both directions',
  'scm: V -> $stop(V) (2)': 'enters the stopped target alone, through g',
  'scm: V -> $stop(V)': 'enters the stopped target alone, through g',
  'scm: dV -> $stop(dV)': 'enters the stopped target alone, through g',
  'tvmTerminal: stopGradient(xt) -> xt': 'enters the stopped target alone',
  'tvmTerminal: y -> xt': 'enters the stopped target alone',
  'esd: stopGradient(target.velocity(x, s)) -> target.velocity(x, s)':
    'enters the stopped spatial derivative alone',
  'imf: stopGradient(instantaneous(guided?.map ?? map, x, s)) -> instantaneous(guided?.map ?? map, x, s)':
    'enters the stopped derivative alone',
  'soflow: stopGradient(map.velocity(x, s)) -> map.velocity(x, s)': 'enters the stopped target alone',
  'soflowByGap: stopGradient(map.velocity(x, s)) -> map.velocity(x, s)': 'enters the stopped target alone',
  'emd: twice the target in error': 'the target is zero',
}

interface Score {
  readonly mutants: number
  readonly broken: number
  readonly equivalent: string[]
  readonly missed: string[]
  readonly by: Readonly<Record<string, number>>
}

function scoreOf<M extends { readonly name: string }>(
  mutants: readonly M[],
  catcher: (mutant: M) => string | null,
): Score {
  const verdicts = mutants.map(mutant => ({ name: mutant.name, by: catcher(mutant) }))
  const alive = verdicts.filter(({ by }) => by === null).map(({ name }) => name)
  const by: Record<string, number> = {}
  for (const verdict of verdicts) {
    const kind = verdict.by?.endsWith('.json') ? 'golden fixture' : (verdict.by?.split(':')[0] ?? 'nothing')
    by[kind] = (by[kind] ?? 0) + 1
  }
  return {
    mutants: mutants.length,
    broken: by['does not run'] ?? 0,
    equivalent: alive.filter(name => name in EQUIVALENT),
    missed: alive.filter(name => !(name in EQUIVALENT)),
    by,
  }
}

/** Part of the mutants that run and differ from the formula that is caught. */
const rate = ({ mutants, broken, equivalent, missed }: Score): number => {
  const visible = mutants - broken - equivalent.length
  return (visible - missed.length) / visible
}

const LEAST = 0.95
const seen: Score[] = []

function report(what: string, score: Score) {
  seen.push(score)
  const { mutants, broken, equivalent, missed, by } = score
  console.log(
    `${what}: ${mutants} mutants, ${broken} do not run, ${equivalent.length} equivalent, ` +
      `${(100 * rate(score)).toFixed(1)} % of the rest caught; by ${JSON.stringify(by)}` +
      missed.map(name => `\n  missed ${name}`).join(''),
  )
  expect(rate(score)).toBeGreaterThanOrEqual(LEAST)
}

test('what is right is not caught', () => {
  const any = mutantsOf('lagrangian').find(({ within }) => within === 'partialT')!
  expect(catcher({ ...any, code: sources.get('lagrangian')! })).toBeNull()
})

/** Files of formulas and rows that differ from the commit before; all of them where there is none to compare with. */
function changedFiles(): ReadonlySet<string> {
  try {
    const args = ['diff', '--name-only', 'HEAD~1', '--', 'src/objective']
    const names = execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return new Set(names.split('\n').map(name => basename(name, '.ts')))
  } catch {
    return new Set(FILES.map(file => basename(file)))
  }
}

const changed = isWhole ? new Set<string>() : changedFiles()

/** All mutants in the long run; otherwise those of what has changed, and every tenth of the others. */
const chosen = <M>(mutants: readonly M[], file: (mutant: M) => string | undefined): M[] =>
  mutants.filter((mutant, i) => isWhole || i % 10 === 0 || changed.has(basename(file(mutant) ?? '')))

/** For a machine that does other things beside. */
const TIMEOUT = 300_000

test(
  'wrong formulas are caught',
  () => {
    const mutants = FILES.flatMap(mutantsOf)
    expect(mutants.length).toBeGreaterThan(1000)
    report(
      'formulas',
      scoreOf(
        chosen(mutants, ({ file }) => file),
        catcher,
      ),
    )
  },
  TIMEOUT,
)

long(
  'formulas given one thing for another are caught',
  () => {
    expect(drawMutants.length).toBeGreaterThan(400)
    // Whose formula stands in which file is the catalogue's to know: a change of any is a change of all.
    const some = changed.size > 0 ? FILES.find(file => changed.has(basename(file))) : undefined
    report(
      'draws',
      scoreOf(
        chosen(drawMutants, () => some),
        drawCatcher,
      ),
    )
  },
  TIMEOUT,
)

long('what is listed as equivalent is alive', () => {
  expect(seen.flatMap(({ equivalent }) => equivalent).sort()).toEqual(Object.keys(EQUIVALENT).sort())
})
