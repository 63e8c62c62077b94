import { readdirSync, readFileSync } from 'node:fs'
import { type Catalogue, checkFixture, type Fixture, parseFixture } from '../../src/objective/golden.ts'
import { checkSpaces } from '../../src/objective/golden-spaces.ts'
import { objectives, ownId } from '../../src/objective/index.ts'
import { type DrawMutant, wrapped } from './draws.ts'
import { equalities, inequality } from './equalities.ts'
import { type GuidedFormulas, guidedChecks } from './guidance/logits.ts'
import { kept, misses } from './measure.ts'
import type { Mutant } from './mutations.ts'
import { type Claim, claims, further } from './promises.ts'
import { holdsOnSphere, lossOfRotation } from './rotation.ts'
import { COUNT, EXACT, lossesOf } from './sequences.ts'
import { onSphere, withoutSites } from './setting.ts'
import { builtWith, sources } from './source.ts'
import { apart, guides, policies } from './stops.ts'
import { isWeighed, lossOf, type Term, terms } from './terms.ts'
import { linearGaussian, trigGaussian, type World } from './worlds.ts'

/** The fixtures of a folder by file name, the plainest first. */
function fixturesIn<T>(folder: string, parse: (json: never) => T): [name: string, fixture: T][] {
  const url = new URL(`../fixtures/${folder}/`, import.meta.url)
  return readdirSync(url)
    .filter(name => name.endsWith('.json'))
    .sort((a, b) => a.length - b.length)
    .map(name => [name, parse(JSON.parse(readFileSync(new URL(name, url), 'utf8')) as never)])
}

const fixtures: ReadonlyMap<string, Fixture> = new Map(fixturesIn('golden', parseFixture))
/** Those beyond flat space. */
const beyond = fixturesIn('golden-spaces', (json: { term?: string; expected?: object }) => json).filter(
  ([, { expected }]) => expected,
)

/** The row of a fixture. */
const rowOf = ({ term }: Pick<Fixture, 'term'>): string => term.replace('diagonal:', '').split(':')[0]

const claimsOf = (id: string): (Pick<Term, 'id' | 'part' | 'options'> & { claim: Claim })[] =>
  [...terms.map(term => ({ ...term, claim: claims[term.key] })), ...further].flatMap(({ claim, ...term }) =>
    claim && term.id === id ? [{ ...term, claim }] : [],
  )

/** Checks of one row in any catalogue, the quickest and sharpest first. */
function* checks(id: string, catalogue: Catalogue): Generator<[name: string, passes: boolean]> {
  yield ['weights', isWeighed(id, catalogue)]
  const own = [...fixtures].filter(([, fixture]) => rowOf(fixture) === id)
  const exact = (world: World, quick = true) =>
    claimsOf(id).every(({ claim, ...term }) => {
      if ((claim.linear && world !== linearGaussian) || (claim.rule === undefined) !== quick) return true
      const found = misses(claim, world, world.map, options => lossOf(term, options, catalogue))
      return found.every(miss => kept(miss, world, claim))
    })
  yield ['exact solution', exact(linearGaussian)]
  for (const term of terms.filter(term => term.id === id && holdsOnSphere(term))) {
    yield ['curved space', Math.max(...lossOfRotation(lossOf(term, {}, catalogue))) < 1e-14]
  }
  for (const [name, fixture] of own.slice(0, 1)) yield [name, checkFixture(fixture, catalogue).passed]
  for (const [name, json] of beyond.filter(([, { term }]) => ownId(rowOf({ term: term! })) === id)) {
    yield [name, checkSpaces(json, catalogue).passed]
  }
  for (const term of terms.filter(term => term.id === id)) {
    const loss = lossOf(term, {}, catalogue)
    for (const { name, miss } of policies(term)) yield [`stops: ${name}`, miss(loss) < 1e-12]
    // Another formula where points do not add.
    if (term.key !== 'psd space=velocity') continue
    for (const { name, miss } of policies(term, { place: onSphere }))
      yield [`stops on the sphere: ${name}`, miss(loss) < 1e-12]
  }
  for (const equality of equalities(catalogue).filter(({ of }) => of === id)) {
    yield ['equal gradients', [guides, apart].every(roles => inequality(equality, 1, roles) < 1e-11)]
  }
  for (const [name, fixture] of own.slice(1)) yield [name, checkFixture(fixture, catalogue).passed]
  if (EXACT.has(id)) {
    const losses = lossesOf(lossOf({ id, part: null, options: {} }, {}, catalogue))
    yield ['exact sequences', losses.length === COUNT && losses.every(loss => Math.abs(loss) < 1e-9)]
  }
  yield ['exact solution', exact(linearGaussian, false) && exact(trigGaussian)]
}

/** Functions of the formulas that use a function, and itself. */
function usersOf(name: string): Set<string> {
  const bodies = [...sources].flatMap(([file, code]) =>
    file.startsWith('rows/')
      ? []
      : code
          .split(/\n(?=(?:const|function) )/)
          .map(text => ({ name: /^(?:\/\*\*.*?\*\/\s*)?(?:const|function) (\w+)/s.exec(text)?.[1], text })),
  )
  const users = new Set([name])
  for (const user of users) {
    for (const body of bodies)
      if (body.name && new RegExp(`\\b${user}\\b`).test(body.text)) users.add(body.name)
  }
  return users
}

/** Rows that a mutant changes. */
function rowsOf({ within, file }: Mutant): string[] {
  if (file === 'catalogue') return [...objectives.keys()]
  if (file.startsWith('rows/')) return within === 'SPACES' ? ['psd', 'semigroup'] : [within]
  const users = usersOf(within)
  return [...objectives.values()].filter(({ code }) => code.some(name => users.has(name))).map(({ id }) => id)
}

/** What catches a mutant: the first check that does not pass, of those that are made with it; `null` when nothing does. */
function caught(checked: () => Iterable<[name: string, passes: boolean]>): string | null {
  return withoutSites(() => {
    try {
      for (const [name, passes] of checked()) if (!passes) return name
      return null
    } catch {
      return 'does not run'
    }
  })
}

function* checksOf(
  rows: readonly string[],
  catalogue: Catalogue,
): Generator<[name: string, passes: boolean]> {
  for (const id of rows) yield* checks(id, catalogue)
}

export const catcher = (mutant: Mutant): string | null =>
  caught(function* () {
    const built = builtWith(mutant.file, mutant.code)
    yield* checksOf(rowsOf(mutant), built.get('catalogue') as Catalogue)
    if (mutant.file === 'categorical') yield* guidedChecks(built.get('categorical') as GuidedFormulas)
  })

/** The same for a formula whose draws are exchanged. */
export const drawCatcher = ({ term, change }: DrawMutant): string | null =>
  caught(() => checksOf([term.id], wrapped(term, change)))
