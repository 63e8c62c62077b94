import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import { z } from 'zod'
import { VERSION } from '../../serialization/version.ts'
import { CommandError, readCommand } from '../engine/commands.ts'
import { type Command, isOpening } from '../engine/protocol.ts'
import { decodeMessage } from '../engine/wire.ts'
import { LARGEST_MODEL } from '../plan.ts'
import { serveSite } from './assets.ts'
import { fileBody } from './file-body.ts'
import { checkNames, checkToken, withHeaders } from './guard.ts'
import type { Outcome, Pages } from './pages.ts'
import { savedModel, savedRuns } from './saved.ts'

export interface AppOptions {
  readonly token: string
  /** The built page. */
  readonly site: string
  /** The folder whose runs can be looked at. */
  readonly runs: string
  /** What the server is called, each name with its port. */
  readonly hosts: () => ReadonlySet<string>
  readonly pages: Pages
}

/** Bytes of a command that holds no model: room for 50,000 points twice. */
const LARGEST_COMMAND = 2 << 20
/** And of one that may hold a model. */
const LARGEST_OPENING = LARGEST_MODEL + LARGEST_COMMAND
/** Requests of either kind that are read at once, of all pages. */
const MOST_OPENINGS = 8
const MOST_COMMANDS = 64

const name = z.string().regex(/^[\w-]{1,64}$/)

/** A wrong request. */
class RequestError extends Error {
  constructor(
    message: string,
    readonly status: 400 | 404 | 409 | 429,
  ) {
    super(message)
  }
}

const pageOf = (context: Context): string => {
  const { data } = name.safeParse(context.req.header('x-oxbow-page'))
  if (data === undefined) throw new RequestError('x-oxbow-page: expected the name of a page', 400)
  return data
}

/** The command in a request, a message of ours or JSON, and its bytes. */
async function commandIn(context: Context): Promise<{ command: Command; size: number }> {
  const isJson = context.req.header('content-type')?.startsWith('application/json')
  const bytes = new Uint8Array(await context.req.arrayBuffer())
  let content: unknown
  try {
    content = isJson
      ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
      : decodeMessage(bytes)
  } catch {
    throw new RequestError('the request holds no command', 400)
  }
  return { command: readCommand(content), size: bytes.length }
}

/** Why a command is not taken. */
const REFUSALS: Readonly<Record<Exclude<Outcome, 'taken'>, string>> = {
  full: 'it trains as much as it may already; close another page',
  busy: 'too many commands are waiting for it; wait for some of them',
  unknown: 'no such training',
}

function check(outcome: Outcome, run: string): void {
  if (outcome === 'unknown') throw new RequestError(`${run}: ${REFUSALS.unknown}`, 404)
  if (outcome === 'busy') throw new RequestError(`${run}: ${REFUSALS.busy}`, 429)
  if (outcome === 'full') throw new RequestError(REFUSALS.full, 429)
}

/** Refuses requests beyond a number that are read at once, so that their bodies fit into memory. */
function atOnce(most: number): MiddlewareHandler {
  let open = 0
  return async (context, next) => {
    if (open >= most) return context.json({ error: 'too many requests at once' }, 429)
    open++
    try {
      return await next()
    } finally {
      open--
    }
  }
}

/** What the page asks of the machine; everything here needs the token. */
function api({ token, runs, pages }: AppOptions): Hono {
  const atMost = (maxSize: number) =>
    bodyLimit({ maxSize, onError: context => context.json({ error: `more than ${maxSize} bytes` }, 413) })
  return new Hono()
    .use(checkToken(token))
    .use(async (context, next) => {
      context.header('cache-control', 'no-store')
      await next()
    })
    .get('/hello', context => context.json({ oxbow: VERSION, runs, largestModel: LARGEST_MODEL }))
    .post('/runs', atOnce(MOST_OPENINGS), atMost(LARGEST_OPENING), async context => {
      const { command, size } = await commandIn(context)
      if (!isOpening(command)) throw new RequestError(`expected an open command, found ${command.type}`, 400)
      check(pages.open(pageOf(context), command, size), command.run)
      return context.json({ run: command.run }, 201)
    })
    .post('/commands', atOnce(MOST_COMMANDS), atMost(LARGEST_COMMAND), async context => {
      const { command, size } = await commandIn(context)
      if (isOpening(command)) throw new RequestError(`${command.type}: post it to /api/runs`, 400)
      check(pages.tell(pageOf(context), command, size), command.run)
      return context.body(null, 202)
    })
    .post('/alive', context => context.json({ runs: pages.hear(pageOf(context)) }))
    .post('/leave', context => {
      pages.leave(pageOf(context))
      return context.body(null, 204)
    })
    .get('/reports', context => {
      const reports = pages.reports(pageOf(context))
      if (!reports) throw new RequestError(REFUSALS.full, 429)
      context.header('content-type', 'application/octet-stream')
      return context.body(reports)
    })
    .get('/saved', context => context.json(savedRuns(runs)))
    .get('/saved/model', context => {
      const model = savedModel(runs, context.req.query('path') ?? '')
      if (!model) throw new RequestError('no such model in the runs folder', 404)
      context.header('content-type', 'application/octet-stream')
      return context.body(fileBody(model))
    })
}

/** The studio's page and what it asks for. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono()
    .use(withHeaders)
    .use(checkNames(options.hosts))
    .route('/api', api(options))
    .get('*', compress(), serveSite(options.site))
  app.notFound(context => context.json({ error: 'no such page' }, 404))
  app.onError((error, context) => {
    if (error instanceof CommandError) return context.json({ error: error.message }, 400)
    if (error instanceof RequestError) return context.json({ error: error.message }, error.status)
    return context.json({ error: 'something went wrong' }, 500)
  })
  return app
}
