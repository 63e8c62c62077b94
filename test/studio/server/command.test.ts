import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Served } from '../../../src/studio/server/serve.ts'
import { start, until } from '../../helpers/cli.ts'
import { long } from '../../helpers/long.ts'
import { childrenOf, isAlive, listen, plan, post, useServer } from './server.ts'

const { folder, runs, serve } = useServer()

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

  long('killed, its trainings end by themselves', async () => {
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
      [['--port', '0', '--host', ''], '--host: expected an address or a name, found nothing'],
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
