import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import type { Report } from '../../src/studio/engine/protocol.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { decodeMessage, encodeMessage, unframer } from '../../src/studio/engine/wire.ts'
import { freshPlan } from '../../src/studio/plan.ts'
import { emptyReward, packReward } from '../../src/studio/reward.ts'
import { LIMITS } from '../../src/studio/server/pages.ts'
import { type Served, type ServeOptions, serveStudio } from '../../src/studio/server/serve.ts'
import { train } from '../../src/training/train.ts'
import { start, until } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('studio')
const site = join(folder, 'site')
const runs = join(folder, 'runs')
const child = resolve('dist/studio/server/child.js')
const plan = { ...freshPlan, hidden: 16, layers: 1, batch: 32 }

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

beforeAll(async () => {
  mkdirSync(join(site, 'assets'), { recursive: true })
  writeFileSync(join(site, 'index.html'), '<!doctype html><title>studio</title>')
  writeFileSync(join(site, 'assets', 'main-abc.js'), 'export {}')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
  await train({ ...tiny, objective: 'psd', steps: 20 }, { directory: join(runs, 'plain') })
  cpSync(join(runs, 'plain'), join(runs, 'compare', 'runs', 'inner'), { recursive: true })
  cpSync(join(runs, 'plain'), join(runs, '.hidden'), { recursive: true })
  cpSync(join(runs, 'plain'), join(folder, 'outside'), { recursive: true })
  symlinkSync(join(folder, 'outside'), join(runs, 'linked'))
  mkdirSync(join(runs, 'linked-model'))
  cpSync(join(runs, 'plain', 'config.json'), join(runs, 'linked-model', 'config.json'))
  symlinkSync(join(folder, 'secret.txt'), join(runs, 'linked-model', 'model.safetensors'))
  mkdirSync(join(runs, 'broken'))
  writeFileSync(join(runs, 'broken', 'config.json'), '{')
})

const served: Served[] = []
afterEach(async () => {
  for (const each of served.splice(0)) await each.close()
})

async function serve(options: Partial<ServeOptions> = {}): Promise<Served> {
  const studio = await serveStudio({ host: '127.0.0.1', port: 0, runs, site, child, ...options })
  served.push(studio)
  return studio
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array | string
}

/** A request as it is, with any headers and any path. */
function ask(
  { port }: Served,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, answer => {
      const parts: Buffer[] = []
      answer.on('data', part => parts.push(part))
      answer.on('end', () =>
        resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts) }),
      )
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

const withToken = ({ token }: Served, page = 'page-1') => ({
  authorization: `Bearer ${token}`,
  'x-oxbow-page': page,
})
const post = (studio: Served, path: string, command: unknown, headers = {}) =>
  ask(studio, path, {
    method: 'POST',
    headers: { ...withToken(studio), ...headers },
    body: encodeMessage(command),
  })

/** The reports of a page, as they come. */
async function listen(studio: Served, page = 'page-1') {
  const stop = new AbortController()
  const { body, status } = await fetch(`http://127.0.0.1:${studio.port}/api/reports`, {
    headers: withToken(studio, page),
    signal: stop.signal,
  })
  expect(status).toBe(200)
  const reports: Report[] = []
  const take = unframer(message => reports.push(decodeMessage(message) as Report))
  const done = (async () => {
    for await (const piece of body!) take(piece)
  })().catch(() => {})
  return { reports, stop: () => stop.abort(), done }
}

describe('who may ask', () => {
  test('the page is for all, everything else for those with the token', async () => {
    const studio = await serve()
    expect(new URL(studio.url).searchParams.get('token')).toBe(studio.token)
    expect((await ask(studio, '/')).status).toBe(200)
    const wrong: Record<string, string>[] = [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: studio.token },
    ]
    const asked = [
      ['POST', '/api/runs'],
      ['POST', '/api/commands'],
      ['POST', '/api/alive'],
      ['GET', '/api/reports'],
      ['GET', '/api/hello'],
      ['GET', '/api/saved'],
      ['GET', '/api/saved/model?path=plain'],
      ['GET', `/api/saved?token=${studio.token}`],
      ['GET', '/api/nothing'],
    ]
    for (const [method, path] of asked) {
      for (const headers of wrong) {
        const { status, body } = await ask(studio, path, { method, headers })
        expect(status, `${method} ${path}`).toBe(401)
        expect(JSON.parse(body.toString()).error).toContain('token')
      }
    }
    expect(studio.processes()).toEqual([])
    const { status, body } = await ask(studio, '/api/hello', { headers: withToken(studio) })
    expect([status, JSON.parse(body.toString())]).toMatchObject([200, { runs }])
  })

  test('the token is long, and another each time', async () => {
    const [one, two] = [await serve(), await serve()]
    expect(one.token).not.toBe(two.token)
    expect(Buffer.from(one.token, 'base64url').length).toBeGreaterThanOrEqual(16)
  })

  test('by our own names alone', async () => {
    const studio = await serve()
    const status = async (host: string) => (await ask(studio, '/', { headers: { host } })).status
    expect(await status(`127.0.0.1:${studio.port}`)).toBe(200)
    expect(await status(`LOCALHOST:${studio.port}`)).toBe(200)
    expect(await status(`evil.example:${studio.port}`)).toBe(403)
    expect(await status('127.0.0.1')).toBe(403)
    expect(await status(`127.0.0.1.evil.example:${studio.port}`)).toBe(403)
  })

  test('from our own origin alone', async () => {
    const studio = await serve()
    const status = async (extra: Record<string, string>, path = '/api/hello') =>
      (await ask(studio, path, { headers: { ...withToken(studio), ...extra } })).status
    expect(await status({ origin: `http://127.0.0.1:${studio.port}` })).toBe(200)
    for (const origin of [
      'http://evil.example',
      'null',
      'http://127.0.0.1:1',
      `https://127.0.0.1:${studio.port}`,
    ]) {
      expect(await status({ origin }), origin).toBe(403)
      expect(await status({ origin }, '/'), origin).toBe(403)
    }
    expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    // A link on another site may lead to the page.
    expect(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, '/')).toBe(200)
  })
})

describe('what is served', () => {
  test('the page with strict headers', async () => {
    const { headers, body } = await ask(await serve(), '/')
    expect(body.toString()).toContain('<title>studio</title>')
    const policy = headers['content-security-policy'] as string
    expect(policy).toContain("default-src 'self'")
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'")
    expect(policy).not.toContain("'unsafe-eval'")
    expect(policy).toMatch(/frame-ancestors 'none'/)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  test('assets for ever, the page again when it has changed', async () => {
    const studio = await serve()
    const { headers } = await ask(studio, '/assets/main-abc.js')
    expect(headers['cache-control']).toContain('immutable')
    expect(headers['content-type']).toContain('text/javascript')
    const etag = (await ask(studio, '/')).headers.etag!
    expect((await ask(studio, '/', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  test('nothing beside the page', async () => {
    const studio = await serve()
    const paths = [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/..%5c..%5csecret.txt',
      '//etc/passwd',
      '/assets',
      '/assets/',
      '/.git/config',
      '/index.html%00.js',
    ]
    for (const path of paths) expect((await ask(studio, path)).status, path).toBe(404)
  })

  test('the runs folder: its runs, and what cannot be shown', async () => {
    const studio = await serve()
    const { body } = await ask(studio, '/api/saved', { headers: withToken(studio) })
    const list = JSON.parse(body.toString()) as { path: string; problem: string | null }[]
    expect(list.map(({ path }) => path).sort()).toEqual([
      'broken',
      'compare/runs/inner',
      'linked-model',
      'plain',
    ])
    expect(list.find(({ path }) => path === 'plain')).toEqual({
      path: 'plain',
      objective: 'psd',
      data: 'ring',
      dimension: 2,
      steps: 20,
      of: 20,
      problem: null,
    })
    expect(list.find(({ path }) => path === 'broken')!.problem).toContain('not valid JSON')
    expect(body.toString()).not.toContain(folder)
  })

  test('models of the runs folder, and no other file', async () => {
    const studio = await serve()
    const model = (path: string) =>
      ask(studio, `/api/saved/model?path=${encodeURIComponent(path)}`, { headers: withToken(studio) })
    const { status, body } = await model('compare/runs/inner')
    expect([status, body.toString().includes('__metadata__')]).toEqual([200, true])
    const outside = [
      '../outside',
      'plain/../../outside',
      '.hidden',
      'linked',
      'linked-model',
      'nothing',
      '',
      '/',
      '..',
    ]
    for (const path of [...outside, join(folder, 'outside'), 'plain\0', '..\\outside', 'plain/checkpoints']) {
      expect((await model(path)).status, path).toBe(404)
    }
  })

  test('a missing runs folder is an empty one', async () => {
    const studio = await serve({ runs: join(folder, 'none') })
    expect((await ask(studio, '/api/saved', { headers: withToken(studio) })).body.toString()).toBe('[]')
  })
})

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

  test('a painted reward is trained on and steered to, to the same numbers as here', async () => {
    const tilt = { painted: packReward(emptyReward().fill(20, 100, 200).fill(-10, 400, 450)), beta: 2 }
    const tilted = { ...plan, stages: [{ ...plan.stages[0], objective: 'itm', tilt }] }
    const question = {
      points: drawNoise(200, 2, 1),
      tilt,
      steps: 3,
      method: 'jump',
      moves: 2,
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

  test('a page that is silent for long is gone, though its line is open', async () => {
    const studio = await serve({ limits: { ...LIMITS, silence: 400 } })
    const { done } = await listen(studio)
    await post(studio, '/api/runs', open('a'))
    const [pid] = studio.processes()
    for (let i = 0; i < 8; i++) {
      await new Promise(resolve => setTimeout(resolve, 100))
      expect((await ask(studio, '/api/alive', { method: 'POST', headers: withToken(studio) })).status).toBe(
        204,
      )
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
    const metrics = { steps: [1], method: 'jump', weights: 'ema', count: 2_000_000, seed: 0 }
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
    served.splice(0)
  })
})

const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number))
    .flatMap(([child, parent]) => (parent === pid ? [child] : []))

describe('the command', () => {
  /** The command as a terminal starts it, with a training that plays. */
  async function begin() {
    const { child: command, pid, done } = start(['studio', '--port', '0', '--no-open', '--runs', runs])
    let out = ''
    command.stdout!.on('data', text => {
      out += text
    })
    await until(() => out.includes('\n'), 'it prints its address')
    expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+\n$/)
    const url = new URL(out.trim())
    const studio = { port: Number(url.port), token: url.searchParams.get('token')! } as Served
    const { reports } = await listen(studio)
    await post(studio, '/api/runs', { type: 'open', run: 'a', plan })
    await post(studio, '/api/commands', { type: 'play', run: 'a' })
    await until(() => reports.length > 3, 'the training plays')
    const pids = childrenOf(pid)
    expect(pids).toHaveLength(1)
    return { command, done, pids }
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it and its trainings', async (signal, expected) => {
    const { command, done, pids } = await begin()
    command.kill(signal)
    const { code, stderr } = await done
    expect([code, stderr]).toEqual([expected, ''])
    expect(pids.filter(isAlive)).toEqual([])
  })

  test('killed, its trainings end by themselves', async () => {
    const { command, done, pids } = await begin()
    command.kill('SIGKILL')
    await done
    await until(() => !pids.some(isAlive), 'the trainings are gone', 5000)
  })

  test('--json prints one document', async () => {
    const { child: command, done } = start(['studio', '--port', '0', '--no-open', '--json'])
    let out = ''
    command.stdout!.on('data', text => {
      out += text
    })
    await until(() => out.includes('\n'), 'it prints')
    const { url, port, host, token } = JSON.parse(out)
    expect(url).toBe(`http://${host}:${port}/?token=${token}`)
    expect((await fetch(url)).status).toBe(200)
    command.kill('SIGTERM')
    expect((await done).code).toBe(143)
  })

  test('exposing it is said', async () => {
    const {
      child: command,
      done,
      stderr,
    } = start(['studio', '--port', '0', '--no-open', '--host', '0.0.0.0'])
    let out = ''
    command.stdout!.on('data', text => {
      out += text
    })
    await until(() => out.includes('\n'), 'it prints')
    command.kill('SIGTERM')
    await done
    expect(stderr()).toMatch(/^oxbow: --host 0\.0\.0\.0 lets others in: .*not encrypted\n$/)
  })

  test('what cannot be listened on is one line and exit code 2', async () => {
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const cases = [
      [['--port', String(port)], `--port: ${port} is taken; choose another, or 0 for a free one`],
      [['--port', '70000'], '--port: expected a whole number from 0 to 65535, found "70000"'],
      [['--port', 'x'], '--port: expected a whole number from 0 to 65535, found "x"'],
      [['--port', '0', '--host', '203.0.113.7'], '--host: 203.0.113.7 is no address of this machine'],
    ] as const
    for (const [flags, message] of cases) {
      const { code, stdout, stderr } = await start(['studio', '--no-open', ...flags]).done
      expect([code, stdout, stderr]).toEqual([2, '', `oxbow: ${message}\n`])
    }
    taken.close()
  })

  test('a page that is not built is said', async () => {
    await expect(serve({ site: join(folder, 'nothing') })).rejects.toThrow(
      'is not built; run "npm run build"',
    )
  })
})
