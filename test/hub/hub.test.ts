import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { hubClient } from '../../src/hub/client.ts'
import { pull } from '../../src/hub/pull.ts'
import { train } from '../../src/index.ts'
import { runHere } from '../helpers/cli.ts'
import { filesIn, snapshot, temporaryFolder } from '../helpers/folder.ts'
import { type FakeHub, fakeHub } from '../helpers/hub.ts'
import { expectSamePoints } from '../helpers/points.ts'
import { tiny } from '../helpers/training.ts'

const TOKEN = 'hf_ThisMustNeverBeSeenAnywhere'
const folder = temporaryFolder('hub')
const home = process.cwd()
let hub: FakeHub
/** All that any command printed. */
let printed = ''

async function oxbow(...args: string[]) {
  const outcome = await runHere(args)
  printed += outcome.stdout + outcome.stderr
  return outcome
}

beforeAll(async () => {
  process.chdir(folder)
  hub = await fakeHub(TOKEN)
  await train({ ...tiny, steps: 4 }, { directory: 'ring' })
})
afterAll(async () => {
  process.chdir(home)
  await hub.close()
})

const withToken = (token = TOKEN) => {
  vi.stubEnv('HF_ENDPOINT', hub.url)
  vi.stubEnv('HF_HOME', join(folder, 'no-home'))
  vi.stubEnv('HF_TOKEN', token)
}
afterEach(() => {
  vi.unstubAllEnvs()
  hub.listing = entries => entries
  hub.instead = () => false
})

/** The text of samples of a model. */
async function samplesOf(run: string): Promise<string> {
  const out = join(folder, 'samples.csv')
  expect(await oxbow('sample', run, '--count', '50', '--steps', '3', '--out', out)).toMatchObject({ code: 0 })
  return readFileSync(out, 'utf8')
}

describe('push and pull', () => {
  test('bring a model to the hub and back, to the same points', async () => {
    withToken()
    const pushed = await oxbow('push', 'ring', 'someone/ring', '--license', 'cc0-1.0', '--json')
    expect(pushed.code, pushed.stderr).toBe(0)
    expect(JSON.parse(pushed.stdout)).toEqual({
      url: `${hub.url}/someone/ring`,
      commit: 'c0ffee',
      files: ['README.md', 'config.json', 'model.safetensors', 'model.onnx', 'metrics.jsonl'],
    })
    withToken('')
    const pulled = await oxbow('pull', 'someone/ring', '--out', 'deep/er/back')
    expect(pulled.code, pulled.stderr).toBe(0)
    expect(filesIn('deep')).toEqual(
      JSON.parse(pushed.stdout)
        .files.map((name: string) => `er/back/${name}`)
        .sort(),
    )
    expect(await samplesOf('deep/er/back')).toBe(await samplesOf('ring'))
    const numbersOf = (text: string) => Float32Array.from(text.trim().split(/[\n,]/).slice(2), Number)
    const [file, run] = [await samplesOf('deep/er/back/model.onnx'), await samplesOf('ring')].map(numbersOf)
    expectSamePoints(file, run)
  })

  test('the card names the repository and the licence that was given', () => {
    const card = String(hub.repositories.get('someone/ring')!.files.get('README.md'))
    expect(parse(card.split('---\n')[1])).toMatchObject({ license: 'cc0-1.0', library_name: 'oxbow' })
    expect(card).toContain('oxbow pull someone/ring --out ring\noxbow sample ring --steps 1')
  })

  test('folders of this machine stay here; an evaluation goes along while it is current', async () => {
    withToken()
    const rows = Array.from({ length: 60 }, (_, i) => `${Math.cos(i)},${Math.sin(i)}`)
    writeFileSync('mine.csv', rows.join('\n'))
    await train({ ...tiny, steps: 2, data: 'mine.csv' }, { directory: 'own' })
    expect(readFileSync('own/config.json', 'utf8')).toContain(folder)
    expect((await oxbow('evaluate', 'own', '--count', '100', '--data', 'mine.csv')).code).toBe(0)
    expect((await oxbow('evaluate', 'own', '--count', '100')).code).toBe(0)
    expect((await oxbow('push', 'own', 'someone/own')).code).toBe(0)
    const { files } = hub.repositories.get('someone/own')!
    expect([...files.keys()]).toContain('evaluation.json')
    for (const [name, bytes] of files) expect(String(bytes).includes(folder), name).toBe(false)
    expect((await oxbow('pull', 'someone/own', '--out', 'own-back')).code).toBe(0)
    expect(await samplesOf('own-back')).toBe(await samplesOf('own'))

    await train({ steps: 4 }, { directory: 'own', resume: true })
    expect((await oxbow('push', 'own', 'someone/own-later')).code).toBe(0)
    expect([...hub.repositories.get('someone/own-later')!.files.keys()]).not.toContain('evaluation.json')
  })

  test('text keeps its alphabet, and points their space', async () => {
    withToken()
    const small = { ...tiny, network: { hidden: 8, layers: 1 }, steps: 2 } as const
    await train({ ...small, objective: 'psd-simplex', data: 'grammar' }, { directory: 'text' })
    await train({ ...small, data: 'torus-ramachandran' }, { directory: 'torus' })
    for (const name of ['text', 'torus']) {
      expect((await oxbow('push', name, `someone/${name}`)).code).toBe(0)
      expect((await oxbow('pull', `someone/${name}`, '--out', `${name}-back`)).code).toBe(0)
      const data = (run: string) => JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).data
      expect(data(`${name}-back`)).toEqual(data(name))
    }
    const alphabet = (run: string) => readFileSync(join(run, 'alphabet.json'), 'utf8')
    expect(alphabet('text-back')).toBe(alphabet('text'))
    const texts = async (path: string) =>
      JSON.parse((await oxbow('sample', path, '--count', '9', '--json')).stdout).texts
    expect(await texts('text-back')).toEqual(await texts('text'))
    expect(await texts('text-back/model.onnx')).toEqual(await texts('text'))
    expect(await samplesOf('torus-back')).toBe(await samplesOf('torus'))
    const card = (name: string) => readFileSync(join(`${name}-back`, 'README.md'), 'utf8')
    expect(card('text')).toContain('in `alphabet.json`')
    expect(card('torus')).toContain(
      'Points of the space `torus`. Noise at time 1: uniform angles from -pi to pi.',
    )
  })

  test('a slash is a symbol as others are', async () => {
    withToken()
    writeFileSync('fractions.txt', '1/2\n2/1\n1/1\n2/2')
    const data = { text: { path: 'fractions.txt', alphabet: '/12' } }
    const small = { ...tiny, network: { hidden: 8, layers: 1 }, steps: 2, objective: 'psd-simplex' } as const
    await train({ ...small, data }, { directory: 'fractions' })
    expect((await oxbow('push', 'fractions', 'someone/fractions')).code).toBe(0)
    expect((await oxbow('pull', 'someone/fractions', '--out', 'fractions-back')).code).toBe(0)
    const { config, data: found } = JSON.parse(readFileSync('fractions-back/config.json', 'utf8'))
    expect(found.text.alphabet).toEqual(['/', '1', '2'])
    expect(config.data.text).toMatchObject({ path: 'fractions.txt', alphabet: '/12' })
    const { symbols } = JSON.parse(readFileSync('fractions-back/alphabet.json', 'utf8'))
    expect(symbols).toEqual(found.text.alphabet)
  })

  test('an adapter goes along, alone and merged', async () => {
    withToken()
    const tuned = { ...tiny, steps: 3, initFrom: 'ring', adapter: { rank: 2 } } as const
    const { network: _, ...user } = tuned
    await train(user, { directory: 'adapted' })
    expect((await oxbow('push', 'adapted', 'someone/adapted')).code).toBe(0)
    const { files } = hub.repositories.get('someone/adapted')!
    expect([...files.keys()]).toContain('adapter.safetensors')
    for (const [name, bytes] of files) expect(String(bytes).includes(folder), name).toBe(false)
    expect((await oxbow('pull', 'someone/adapted', '--out', 'adapted-back')).code).toBe(0)
    expect(await samplesOf('adapted-back')).toBe(await samplesOf('adapted'))
    const merged = await oxbow('merge', 'ring', 'adapted-back', '--out', 'merged')
    expect(merged).toMatchObject({ code: 0, stderr: '' })
    expect(await samplesOf('merged')).toBe(await samplesOf('adapted'))
  })

  test('large files may lie on another server, which never sees the token', async () => {
    withToken()
    const storage = await fakeHub(TOKEN)
    storage.repositories.set('someone/ring', hub.repositories.get('someone/ring')!)
    hub.instead = ({ url }, response) => {
      if (!/resolve.*(onnx|safetensors)$/.test(url!)) return false
      response.writeHead(302, { location: storage.url + url }).end()
      return true
    }
    const { code, stderr } = await oxbow('pull', 'someone/ring', '--out', 'redirected')
    expect(code, stderr).toBe(0)
    expect(await samplesOf('redirected')).toBe(await samplesOf('ring'))
    expect(storage.requests.length).toBeGreaterThan(1)
    expect(storage.requests.filter(line => line.includes('token'))).toEqual([])
    await storage.close()
  })

  test('another revision is asked for by its name', async () => {
    withToken()
    const { code } = await oxbow('pull', 'someone/ring', '--revision', 'v2', '--out', 'revised')
    expect(code).toBe(2)
    expect(hub.requests.at(-1)).toBe('GET /api/models/someone/ring/tree/v2 with token')
  })

  test('an existing repository takes another commit; a private one needs the token to be read', async () => {
    withToken()
    expect((await oxbow('push', 'ring', 'someone/ring')).code).toBe(0)
    expect((await oxbow('push', 'ring', 'someone/secret', '--private')).code).toBe(0)
    expect((await oxbow('pull', 'someone/secret', '--out', 'secret')).code).toBe(0)
    withToken('')
    const refused = await oxbow('pull', 'someone/secret', '--out', 'secret2')
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('someone/secret: not found, or private'),
    })
  })

  test("the token is read from the file of the hub's own tools", async () => {
    withToken('')
    mkdirSync('login')
    writeFileSync('login/token', `${TOKEN}\n`)
    vi.stubEnv('HF_HOME', join(folder, 'login'))
    expect((await oxbow('push', 'ring', 'someone/file')).code).toBe(0)
  })

  test('the token goes to the hub alone, and to no file and no message', async () => {
    withToken()
    const other = await fakeHub(TOKEN)
    // An answer that leads to another server.
    hub.instead = ({ url }, response) => {
      if (!url!.includes('/tree/')) return false
      response.writeHead(200, {
        'content-type': 'application/json',
        link: `<${other.url}/api/models/someone/ring/tree/main>; rel="next"`,
      })
      response.end('[]')
      return true
    }
    const led = await oxbow('pull', 'someone/ring', '--out', 'led')
    expect(led.code).toBe(2)
    expect(other.requests).toEqual(['GET /api/models/someone/ring/tree/main'])
    await other.close()
    // A hub that repeats the token in its message.
    hub.instead = ({ headers }, response) => {
      response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: `cannot with ${headers.authorization}` }))
      return true
    }
    const repeated = await oxbow('push', 'ring', 'someone/ring', '--debug', '--json')
    expect(repeated.code).toBe(1)
    expect(repeated.stdout).toContain('cannot with Bearer [token]')
    expect(hub.requests.some(line => line.endsWith('with token'))).toBe(true)
    expect(printed).not.toContain(TOKEN)
    for (const name of filesIn(folder).filter(name => name !== 'login/token')) {
      expect(readFileSync(join(folder, name)).includes(TOKEN), name).toBe(false)
    }
  })
})

test('a download that is told to stop leaves nothing', async () => {
  withToken()
  const before = snapshot(folder)
  let asked = 0
  const stopped = pull(hubClient(), 'someone/ring', 'stop/here', { shouldStop: () => ++asked > 1 })
  await expect(stopped).rejects.toThrow('someone/ring: stopped')
  expect(asked).toBe(2)
  expect(snapshot(folder)).toEqual(before)
})

describe('what is refused leaves nothing', () => {
  const files = () => hub.repositories.get('someone/ring')!.files
  const change = (name: string, to: (bytes: Uint8Array) => Uint8Array | undefined) => {
    const before = files().get(name)!
    const after = to(before)
    if (after) files().set(name, after)
    else files().delete(name)
    return () => files().set(name, before)
  }

  type Case = [what: string, line: RegExp, code: number, args: string[], prepare?: () => unknown]
  const cases: Case[] = [
    ['no token', /a token is needed to push: set HF_TOKEN/, 2, ['push', 'ring', 'a/b'], () => withToken('')],
    [
      'a token that is none',
      /\(HF_TOKEN, or its file\) is none/,
      2,
      ['push', 'ring', 'a/b'],
      () => withToken('x'),
    ],
    ['another token', /private and the token/, 2, ['push', 'ring', 'a/b'], () => withToken('hf_other')],
    [
      'no address',
      /HF_ENDPOINT: expected an address/,
      2,
      ['pull', 'a/b'],
      () => vi.stubEnv('HF_ENDPOINT', 'hub'),
    ],
    ['no such run', /nothing: no such run/, 2, ['push', 'nothing', 'a/b']],
    [
      'a name without a user',
      /model: expected a repository of the hub, such as user\/model/,
      2,
      ['pull', 'model'],
    ],
    ['a name that leads elsewhere', /expected a repository of the hub/, 2, ['pull', '../x']],
    [
      'a missing repository',
      /nobody\/nothing: not found on the hub/,
      2,
      ['pull', 'nobody/nothing', '--out', 'got'],
    ],
    [
      'a taken folder',
      /ring: is not empty; choose another --out/,
      2,
      ['pull', 'someone/ring', '--out', 'ring'],
    ],
    [
      'a hub that is not there',
      /someone\/ring: (the hub cannot be reached: .*ECONNREFUSED.*HF_ENDPOINT|bad port)/,
      1,
      ['pull', 'someone/ring', '--out', 'got'],
      () => vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9'),
    ],
    ...[
      '../../evil',
      '/etc/evil',
      'a/../../evil',
      'a\\..\\evil',
      'C:evil',
      '~/evil',
      'a\u0000b',
      'a//b',
      '',
    ].map(
      (path): Case => [
        `the file name ${JSON.stringify(path)}`,
        /someone\/ring: refused, a file's name leads elsewhere/,
        2,
        ['pull', 'someone/ring', '--out', 'got'],
        () => {
          hub.listing = entries => [...entries, { type: 'file', path, size: 3 }]
        },
      ],
    ),
    ...([1e15, -1, Number.NaN, '12', null] as unknown[]).map(
      (size): Case => [
        `the size ${size}`,
        /refused, model.safetensors is said to have/,
        2,
        ['pull', 'someone/ring', '--out', 'got'],
        () => {
          hub.listing = entries =>
            entries.map(entry => (entry.path === 'model.safetensors' ? { ...entry, size } : entry))
        },
      ],
    ),
    [
      'a listing of endless files',
      /holds more than 10000 files/,
      2,
      ['pull', 'someone/ring', '--out', 'got'],
      () => {
        hub.listing = () =>
          Array.from({ length: 10_001 }, (_, i) => ({ type: 'file', path: `f${i}`, size: 1 }))
      },
    ],
    [
      'a file of another length than listed',
      /config.json has \d+ bytes, its listing says 7/,
      1,
      ['pull', 'someone/ring', '--out', 'got'],
      () => {
        hub.listing = entries =>
          entries.map(entry => (entry.path === 'config.json' ? { ...entry, size: 7 } : entry))
      },
    ],
    [
      'a file with another hash than listed',
      /model.safetensors is damaged/,
      1,
      ['pull', 'someone/ring', '--out', 'got'],
      () => {
        hub.listing = entries =>
          entries.map(entry => (entry.lfs ? { ...entry, lfs: { ...entry.lfs, oid: '0'.repeat(64) } } : entry))
      },
    ],
    [
      'a repository without a model',
      /someone\/ring: holds no model of oxbow \(it has no model.safetensors\)/,
      2,
      ['pull', 'someone/ring', '--out', 'got'],
      () => change('model.safetensors', () => undefined),
    ],
    [
      'weights that are cut short',
      /someone\/ring\/model.safetensors: tensor .* cut short/,
      2,
      ['pull', 'someone/ring', '--out', 'new/er/got'],
      () => change('model.safetensors', bytes => bytes.subarray(0, bytes.length - 8)),
    ],
    [
      'a record that is no record',
      /someone\/ring\/config.json: not valid JSON/,
      2,
      ['pull', 'someone/ring', '--out', 'got'],
      () => change('config.json', () => Buffer.from('{')),
    ],
    [
      'a connection that breaks on the way',
      /someone\/ring: /,
      1,
      ['pull', 'someone/ring', '--out', 'got'],
      () => {
        hub.instead = ({ url, headers }, response) => {
          if (!url!.endsWith('model.onnx') || headers.range === 'bytes=0-0') return false
          response.writeHead(206, { 'content-length': 1000 })
          response.write('some')
          setTimeout(() => response.destroy(), 20)
          return true
        }
      },
    ],
    [
      'a server that sends without end',
      /model.onnx came with other than its \d+ bytes/,
      1,
      ['pull', 'someone/ring', '--out', 'got'],
      () => {
        hub.instead = ({ url, headers }, response) => {
          if (!url!.endsWith('model.onnx') || headers.range === 'bytes=0-0') return false
          response.writeHead(206, {})
          const more = () => {
            while (response.write(Buffer.alloc(65536)));
            if (!response.destroyed) response.once('drain', more)
          }
          more()
          return true
        }
      },
    ],
  ]
  test.each(cases)('%s', async (_, line, code, args, prepare) => {
    withToken()
    const restore = prepare?.()
    const before = snapshot(folder)
    const outcome = await oxbow(...args)
    if (typeof restore === 'function') restore()
    expect(outcome.stderr).toMatch(line)
    expect(outcome.stderr.trimEnd()).not.toContain('\n')
    expect(outcome.code).toBe(code)
    expect(snapshot(folder)).toEqual(before)
    expect(readdirSync('.').filter(name => name.startsWith('.'))).toEqual([])
  })
})
