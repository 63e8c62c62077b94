import { describe, expect, test } from 'vitest'
import * as engine from '../../../src/runtime/node.ts'
import { drawNoise } from '../../../src/sampler/sampler.ts'
import { answers } from '../../../src/studio/engine/answers.ts'
import type { Report } from '../../../src/studio/engine/protocol.ts'
import { Session } from '../../../src/studio/engine/session.ts'
import { emptyReward, packReward } from '../../../src/studio/reward.ts'
import { LIMITS } from '../../../src/studio/server/pages.ts'
import { until } from '../../helpers/cli.ts'
import { long } from '../../helpers/long.ts'
import { ask, isAlive, listen, plan, post, useServer, withToken } from './server.ts'

const { serve } = useServer()

describe('trainings', () => {
  const open = (run: string) => ({ type: 'open', run, plan })

  test('train, answer and end, each in a process of its own', async () => {
    const studio = await serve()
    const { reports } = await listen(studio)
    expect((await post(studio, '/api/runs', open('a'))).status).toBe(201)
    expect((await post(studio, '/api/runs', open('b'))).status).toBe(201)
    expect(studio.processes()).toHaveLength(2)
    await post(studio, '/api/commands', { type: 'step', run: 'a', steps: 30 })
    const stepOf = (run: string) =>
      Math.max(
        0,
        ...reports.flatMap(each =>
          each.type === 'progress' && each.run === run ? [each.plan.stages[0].steps] : [],
        ),
      )
    await until(() => stepOf('a') === 30, 'thirty steps are reported')
    const points = Float32Array.of(0.5, -0.25)
    await post(studio, '/api/commands', {
      type: 'ask',
      run: 'a',
      id: 7,
      name: 'jump',
      ask: { points, s: 0.5, t: 0.5, weights: 'ema' },
    })
    const answer = () => reports.find(each => each.type === 'answer')
    await until(() => answer() !== undefined, 'the question is answered')
    expect(answer()).toEqual({ type: 'answer', run: 'a', id: 7, answer: points })
    const [first, second] = studio.processes()
    expect((await post(studio, '/api/commands', { type: 'close', run: 'a' })).status).toBe(202)
    await until(() => !isAlive(first), 'a closed training is gone')
    expect(isAlive(second)).toBe(true)
    expect((await post(studio, '/api/commands', { type: 'play', run: 'a' })).status).toBe(404)
  })

  test('of pictures report sheets, take commands and end as others do', async () => {
    const studio = await serve()
    const { reports } = await listen(studio)
    const run = 'pictures'
    expect((await post(studio, '/api/commands', { type: 'open-pictures', run })).status).toBe(400)
    expect((await post(studio, '/api/runs', { type: 'open-pictures', run })).status).toBe(201)
    const told = () => reports.flatMap(each => (each.type === 'pictures' ? [each] : []))
    await until(() => (told().at(-1)?.step ?? 0) > 0, 'it trains')
    const { sheet, playing } = told()[0]
    expect([playing, sheet!.pixels.length]).toEqual([true, 80 * 256])
    await post(studio, '/api/commands', { type: 'pause', run })
    await until(() => told().at(-1)!.playing === false, 'it stops')
    const [child] = studio.processes()
    expect((await post(studio, '/api/commands', { type: 'close', run })).status).toBe(202)
    await until(() => !isAlive(child), 'it is gone')
  })

  test('a painted reward is trained on and steered to, to the same numbers as here', async () => {
    const tilt = { painted: packReward(emptyReward().fill(20, 100, 200).fill(-10, 400, 450)), beta: 2 }
    const tilted = { ...plan, stages: [{ ...plan.stages[0], objective: 'itm', tilt }] }
    const question = {
      points: drawNoise(200, 2, 1),
      tilt,
      steps: 3,
      method: 'particles',
      kernel: 'euler-maruyama',
      lookAhead: 'denoiser',
      moves: 0,
      resample: true,
      seed: 0,
      weights: 'ema',
    } as const
    const session = await Session.open(engine, tilted)
    while (session.step < 30) await session.advance(30)
    const here = await answers.steer(question, session, engine)
    await session.close()

    const studio = await serve()
    const { reports } = await listen(studio)
    await post(studio, '/api/runs', { ...open('a'), plan: tilted })
    await post(studio, '/api/commands', { type: 'step', run: 'a', steps: 30 })
    const done = (each: Report) => each.type === 'progress' && each.plan.stages[0].steps === 30
    await until(() => reports.some(done), 'thirty steps are reported')
    await post(studio, '/api/commands', { type: 'ask', run: 'a', id: 7, name: 'steer', ask: question })
    await until(() => reports.some(({ type }) => type === 'answer'), 'the question is answered')
    expect(reports.find(({ type }) => type === 'answer')).toEqual({
      type: 'answer',
      run: 'a',
      id: 7,
      answer: here,
    })
  })

  test('JSON is taken too, and what is wrong is said', async () => {
    const studio = await serve()
    const json = (body: unknown, path = '/api/runs') =>
      ask(studio, path, {
        method: 'POST',
        headers: { ...withToken(studio), 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
    expect((await json(open('a'))).status).toBe(201)
    const wrong = [
      '{',
      '',
      {},
      { ...open('a'), extra: 1 },
      { ...open('../a') },
      { type: 'open', run: 'a', plan: { ...plan, hidden: 100_000 } },
      {
        type: 'open',
        run: 'a',
        plan: { ...plan, stages: [{ ...plan.stages[0], tilt: { painted: 'x'.repeat(1001), beta: 1 } }] },
      },
      { type: 'play', run: 'a' },
    ]
    for (const body of wrong) {
      const { status, body: answer } = await json(body)
      expect(status).toBe(400)
      expect(JSON.parse(answer.toString()).error).not.toBe('')
    }
    expect((await json(open('b'), '/api/commands')).status).toBe(400)
    for (const path of ['/api/runs', '/api/commands'])
      expect((await ask(studio, path, { method: 'POST', headers: withToken(studio) })).status).toBe(400)
    expect(studio.processes()).toHaveLength(1)
  })

  test('bodies and numbers are limited', async () => {
    const studio = await serve({ limits: { ...LIMITS, perPage: 2, inAll: 3 } })
    const big = await ask(studio, '/api/commands', {
      method: 'POST',
      headers: withToken(studio),
      body: new Uint8Array(3 << 20),
    })
    expect(big.status).toBe(413)
    const status = async (run: string, page: string) =>
      (await post(studio, '/api/runs', open(run), { 'x-oxbow-page': page })).status
    expect(await status('a', 'one')).toBe(201)
    expect(await status('b', 'one')).toBe(201)
    expect(await status('c', 'one')).toBe(429)
    expect(await status('b', 'one')).toBe(201)
    expect(await status('a', 'two')).toBe(201)
    expect(await status('b', 'two')).toBe(429)
    const { body } = await post(studio, '/api/runs', open('b'), { 'x-oxbow-page': 'two' })
    // The page says of whom it is.
    expect(JSON.parse(body.toString()).error).toMatch(/^it trains as much as it may/)
    expect(studio.processes()).toHaveLength(3)
  })

  test('a page that is gone takes its trainings along, others stay', async () => {
    const studio = await serve({ limits: { ...LIMITS, grace: 300 } })
    const gone = await listen(studio, 'gone')
    const stays = await listen(studio, 'stays')
    await post(studio, '/api/runs', open('a'), { 'x-oxbow-page': 'gone' })
    await post(studio, '/api/runs', open('a'), { 'x-oxbow-page': 'stays' })
    const [first, second] = studio.processes()
    await until(() => gone.reports.length > 0 && stays.reports.length > 0, 'both are told')
    await new Promise(resolve => setTimeout(resolve, 600))
    expect([isAlive(first), isAlive(second)]).toEqual([true, true])
    gone.stop()
    await until(() => !isAlive(first), 'the training of the page that is gone has ended', 5000)
    expect(isAlive(second)).toBe(true)
    expect(studio.processes()).toEqual([second])
  })

  test('a page that says that it goes takes its trainings along at once', async () => {
    const studio = await serve()
    await listen(studio)
    await post(studio, '/api/runs', open('a'))
    const [pid] = studio.processes()
    const other = withToken(studio, 'other')
    expect((await ask(studio, '/api/leave', { method: 'POST', headers: other })).status).toBe(204)
    expect(isAlive(pid)).toBe(true)
    expect((await ask(studio, '/api/leave', { method: 'POST', headers: withToken(studio) })).status).toBe(204)
    expect(studio.processes()).toEqual([])
    await until(() => !isAlive(pid), 'the training has ended', 5000)
    const { body } = await ask(studio, '/api/alive', { method: 'POST', headers: withToken(studio) })
    expect(JSON.parse(body.toString())).toEqual({ runs: [] })
  })

  long('a page that is silent for long is gone, though its line is open', async () => {
    const studio = await serve({ limits: { ...LIMITS, silence: 400 } })
    const { done } = await listen(studio)
    await post(studio, '/api/runs', open('a'))
    const [pid] = studio.processes()
    for (let i = 0; i < 8; i++) {
      await new Promise(resolve => setTimeout(resolve, 100))
      const { body } = await ask(studio, '/api/alive', { method: 'POST', headers: withToken(studio) })
      expect(JSON.parse(body.toString())).toEqual({ runs: ['a'] })
    }
    expect(isAlive(pid)).toBe(true)
    await until(() => !isAlive(pid), 'the training has ended', 5000)
    await done
  })

  test('a process that ends by itself is told, with what was asked of it', async () => {
    const studio = await serve()
    const { reports } = await listen(studio)
    await post(studio, '/api/runs', open('a'))
    await until(() => reports.some(each => each.type === 'progress'), 'the training is open')
    const steps = Array(8).fill(64)
    const metrics = { steps, method: 'jump', weights: 'ema', count: 10_000, seed: 0 }
    await post(studio, '/api/commands', { type: 'ask', run: 'a', id: 3, name: 'metrics', ask: metrics })
    process.kill(studio.processes()[0], 'SIGKILL')
    const refused = () => reports.flatMap(each => (each.type === 'refused' ? [each] : []))
    await until(() => refused().length === 2, 'the end is told')
    expect(refused().map(({ id }) => id)).toEqual([3, null])
    expect(refused()[0].message).toContain("the training's process ended")
    expect(refused()[1]).toMatchObject({ run: 'a', ended: true })
    expect(studio.processes()).toEqual([])
  })

  test('a newer line of reports takes the place of an older one', async () => {
    const studio = await serve()
    const first = await listen(studio)
    await post(studio, '/api/runs', open('a'))
    await until(() => first.reports.some(each => each.type === 'progress'), 'the first is told')
    const second = await listen(studio)
    await first.done
    await post(studio, '/api/commands', { type: 'step', run: 'a', steps: 1 })
    await until(() => second.reports.some(each => each.type === 'progress'), 'the second is told')
  })

  test('closing the server ends them', async () => {
    const studio = await serve()
    const { done } = await listen(studio)
    await post(studio, '/api/runs', open('a'))
    await post(studio, '/api/commands', { type: 'play', run: 'a' })
    const pids = studio.processes()
    await studio.close()
    await done
    expect(pids.filter(isAlive)).toEqual([])
  })
})
