import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { encodeCsv } from '../../src/data/csv-writer.ts'
import { random } from '../../src/random/random.ts'
import * as engine from '../../src/runtime/node.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { pack, toText } from '../../src/studio/engine/bytes.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { tableOf, targetDataset } from '../../src/studio/engine/target.ts'
import { yamlOf } from '../../src/studio/page/take-home/yaml.ts'
import { examplePlan, freshPlan, type Plan, type Stage, withSteps } from '../../src/studio/plan.ts'
import { commandOf, type Recipe, recipeOf, snippetOf } from '../../src/studio/recipe.ts'
import { emptyReward, packReward, rewardCanvas } from '../../src/studio/reward.ts'
import { beginStroke } from '../../src/studio/target/raster.ts'
import { train } from '../../src/training/train.ts'
import { runHere } from '../helpers/cli.ts'

mkdirSync('runs', { recursive: true })
const folder = mkdtempSync(resolve('runs/recipe-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const opened: Session[] = []
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close()
})

const stage = (objective: string, steps: number, rest: Partial<Stage> = {}): Stage => ({
  objective,
  learningRate: 2e-3,
  steps,
  keep: false,
  ...rest,
})
const planOf = (...stages: Stage[]): Plan => ({ ...freshPlan, hidden: 16, batch: 32, seed: 5, stages })

/** Takes a plan as the page does. */
async function played(plan: Plan): Promise<Session> {
  const session = await Session.open(engine, plan)
  opened.push(session)
  for (const [i, { steps, ...rest }] of plan.stages.entries()) {
    if (i > 0) await session.change(rest)
    while (session.plan.stages.at(-1)!.steps < steps) expect(await session.advance(steps)).toBeUndefined()
  }
  return session
}

const runsOf = (recipe: Recipe) => {
  if ('reason' in recipe) throw new Error(recipe.reason)
  return recipe.runs
}

const moons: Plan['target'] = { kind: 'built-in', name: 'two-moons' }

test.each<[string, Plan]>([
  ['one stage', planOf(stage('lsd', 35))],
  ['a stage that keeps the weights', planOf(stage('flow-matching', 20), stage('psd', 15, { keep: true }))],
  ['a stage that draws new ones', planOf(stage('flow-matching', 20), stage('psd', 15))],
  ['an exact teacher', { ...planOf(stage('lmd', 20)), interpolant: 'trig' }],
  [
    'a teacher of an earlier stage',
    { ...planOf(stage('flow-matching', 20), stage('lmd', 15)), target: moons },
  ],
  ['a map of an earlier stage', planOf(stage('psd', 20), stage('pfmm', 15))],
])('%s is trained to the same numbers', async (_, plan) => {
  const session = await played(plan)
  const { directory } = runsOf(recipeOf(plan)).at(-1)!
  const before = process.cwd()
  process.chdir(mkdtempSync(join(folder, 'same-')))
  try {
    for (const run of runsOf(recipeOf(plan))) await train(run.config, { directory: run.directory })
    expect(readModel(directory).parameters).toEqual(session.parameters())
  } finally {
    process.chdir(before)
  }
})

const painted = packReward(
  beginStroke(rewardCanvas, emptyReward(), { radius: 3, strength: 0.8, does: 'add' })([15, 10]),
)
test.each<[string, Stage, string]>([
  [
    'a bump under another objective',
    stage('lsd', 20, { tilt: { center: [1, -0.5], scale: 0.8, beta: 2 } }),
    "--diagonal.options.reward.center '[1,-0.5]'",
  ],
  [
    'a painting under another objective',
    stage('lsd', 20, { tilt: { painted, beta: 2 } }),
    '--diagonal.options.reward.kind gaussians',
  ],
  ['a painting alone', stage('itm', 20, { tilt: { painted, beta: -2 } }), '--options.reward.kind gaussians'],
])('the command and the YAML file train %s', async (name, tilted, saying) => {
  const plan = planOf(tilted)
  const session = await played(plan)
  const [run] = runsOf(recipeOf(plan))
  const written = commandOf(run)
  expect(written).toContain(saying)
  const words = execFileSync('sh', [
    '-c',
    `for word in ${written.replace('npx oxbow', '')}; do echo "$word"; done`,
  ])
  const out = join(folder, `${name}, by command`)
  const args = words.toString().trim().split('\n').slice(0, -1)
  expect(await runHere([...args, out])).toMatchObject({ code: 0 })
  expect(readModel(out).parameters).toEqual(session.parameters())

  const file = join(folder, 'run.yaml')
  writeFileSync(file, yamlOf(run.config))
  const other = join(folder, `${name}, by file`)
  expect(await runHere(['train', '--config', file, '--out', other])).toMatchObject({ code: 0 })
  expect(readModel(other).parameters).toEqual(session.parameters())
})

test('a painting is a few lines of a YAML file', () => {
  const [run] = runsOf(recipeOf(planOf(stage('lsd', 20, { tilt: { painted, beta: 2 } }))))
  const written = yamlOf(run.config)
  expect(parse(written)).toEqual(run.config)
  expect(written).toMatch(/^ +- \[0\.4, 0\.8\]$/m)
  expect(written).toMatch(/^ +weights: \[0\.0125, .*\]$/m)
})

test('the programs have the right types', { timeout: 60_000 }, () => {
  const plans = [
    planOf(stage('flow-matching', 20), stage('psd', 15, { keep: true })),
    planOf(stage('lsd', 20, { tilt: { center: [1, -0.5], scale: 0.8, beta: 2 } })),
    planOf(stage('itm', 20, { tilt: { painted, beta: 2 } })),
    planOf(stage('lsd', 0)),
  ]
  plans.forEach((plan, i) => {
    writeFileSync(join(folder, `snippet-${i}.ts`), snippetOf(recipeOf(plan), { steps: 2, seed: 1 }))
  })
  const options = {
    extends: '../../tsconfig.json',
    compilerOptions: { noEmit: true },
    include: ['snippet-*.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const check = () => execFileSync('npx', ['tsc', '-p', folder], { encoding: 'utf8', stdio: 'pipe' })
  expect(check()).toBe('')
  writeFileSync(
    join(folder, 'snippet-9.ts'),
    "import { train } from 'oxbow'\ntrain({ objective: 1 }, { directory: '' })\n",
  )
  expect(check).toThrow()
})

test('a program runs', async () => {
  const plan = planOf(stage('psd', 20))
  const file = join(folder, 'program.mjs')
  writeFileSync(file, snippetOf(recipeOf(plan), { steps: 2, seed: 1 }))
  const said = execFileSync('node', [file], { cwd: mkdtempSync(join(folder, 'program-')), encoding: 'utf8' })
  expect(said).toBe('5000 points\n')
})

test('what cannot be said is said', () => {
  const reason = (plan: Plan, pausedSteps?: number) => {
    const recipe = recipeOf(plan, pausedSteps)
    return 'reason' in recipe ? recipe.reason : ''
  }
  expect(reason(planOf(stage('lsd', 0)))).toContain('Nothing has been trained')
  const unknown: Plan['target'] = { kind: 'unknown', name: 'scans' }
  expect(reason({ ...planOf(stage('lsd', 5)), target: unknown })).toContain('does not contain its data')
  expect(reason(planOf(stage('lsd', 5)))).toBe('')
  expect(reason(planOf(stage('gan', 2000)), 1500)).toContain('paused for 1,500 steps')
})

test('the example is told as it was trained, until it is trained on', () => {
  const names = runsOf(recipeOf(examplePlan)).map(({ directory, config }) => [directory, config.steps])
  expect(names).toEqual([
    ['runs/ring-flow-matching-1', 16_000],
    ['runs/ring-cmt', 24_000],
  ])
  const [velocity, map] = runsOf(recipeOf(examplePlan)).map(({ config }) => config)
  const falling = { batch: 512, seed: 0, schedule: { kind: 'cosine' } }
  expect(velocity).toMatchObject({ ...falling, times: { law: 'logit-normal' } })
  expect(map).toMatchObject({
    ...falling,
    teacher: 'exact',
    times: { full: 0.25 },
    loss: { kind: 'pseudo-huber' },
  })
  const on = recipeOf(withSteps(examplePlan, 5))
  expect(runsOf(on).map(({ directory, config }) => [directory, config.steps, config.initFrom])).toEqual([
    ['runs/example-1', 16_000, undefined],
    ['runs/example-2', 24_000, 'runs/example-1'],
    ['runs/ring-cmt', 5, 'runs/example-2'],
  ])
  expect('notes' in on && on.notes).toContainEqual(
    expect.stringContaining('The example that comes with the page'),
  )
})

const drawing: Plan['target'] = {
  kind: 'density',
  side: 4,
  bytes: pack(Uint8Array.from([0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0])),
}
const dropped: Plan['target'] = {
  kind: 'points',
  name: 'my points (2).csv',
  bytes: toText(new Uint8Array(Uint16Array.from({ length: 600 }, (_, i) => 20_000 + 40 * i).buffer)),
}

test.each([
  ['drawing-points.csv', drawing],
  ['my-points-2-points.csv', dropped],
])('a target of the page is trained on from a table: %s', async (table, target) => {
  const plan = { ...planOf(stage('psd', 20)), target }
  const recipe = recipeOf(plan)
  expect('table' in recipe && recipe.table).toBe(table)
  const [run] = runsOf(recipe)
  const there = mkdtempSync(join(folder, 'table-'))
  writeFileSync(join(there, table), encodeCsv(tableOf(target), 2))
  const file = join(there, 'run.yaml')
  writeFileSync(file, yamlOf({ ...run.config, data: join(there, table) }))
  const out = join(there, 'run')
  expect(await runHere(['train', '--config', file, '--out', out])).toMatchObject({ code: 0 })

  // The table's points are those of the target: as many in each quarter as its density says.
  const points = tableOf(target)
  const above = points.filter((value, i) => i % 2 === 1 && value > 0).length / (points.length / 2)
  const [drawn, sample] = [targetDataset(target), new Float32Array(2 * 20_000)]
  drawn.sample(random(1, 'recipe test'), sample)
  const expected = sample.filter((value, i) => i % 2 === 1 && value > 0).length / 20_000
  // Five deviations of the mean of 20,000 draws, and of 50,000.
  expect(Math.abs(above - expected)).toBeLessThan(5 * Math.sqrt(0.25 / 20_000 + 0.25 / 50_000))
})

test('a schedule that is shorter than the page reckons with is said', () => {
  const recipe = recipeOf(planOf(stage('ect', 100)))
  expect('notes' in recipe && recipe.notes).toEqual([expect.stringContaining('Numbers of ect change')])
})
