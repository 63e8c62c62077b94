import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { VERSION } from '../../training/version.ts'
import type { Command } from '../engine/protocol.ts'
import { decodeMessage } from '../engine/wire.ts'
import { LARGEST_MODEL, planSchema } from '../plan.ts'
import { serveSite } from './assets.ts'
import { checkNames, checkToken, withHeaders } from './guard.ts'
import type { Pages } from './pages.ts'
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

const name = z.string().regex(/^[\w-]{1,64}$/)

/** A plan is checked here; whatever else a command holds is for the training to judge, in its own process. */
const commandSchema = z.union([
  z.strictObject({
    type: z.literal('open'),
    run: name,
    plan: planSchema,
    replay: z.enum(['now', 'held', 'on']).optional(),
    file: z.instanceof(Uint8Array).optional(),
    revision: z.int().min(0).optional(),
  }),
  z.looseObject({
    type: z.string().regex(/^(?!open)\w{1,40}$/),
    run: name,
    id: z.int().min(0).optional(),
    revision: z.int().min(0).optional(),
  }),
])

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

/** The command in a request: a message of ours, or JSON. */
async function commandIn(context: Context): Promise<Command> {
  const isJson = context.req.header('content-type')?.startsWith('application/json')
  let content: unknown
  try {
    const bytes = new Uint8Array(await context.req.arrayBuffer())
    content = isJson
      ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
      : decodeMessage(bytes)
  } catch {
    throw new RequestError('the request holds no command', 400)
  }
  const { data, error } = commandSchema.safeParse(content)
  if (data) return data as Command
  const [issue] = error.issues.flatMap(each =>
    each.code === 'invalid_union' ? (each.errors[0] ?? []) : each,
  )
  throw new RequestError(`${issue.path.join('.') || 'command'}: ${issue.message}`, 400)
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
    .post('/runs', atMost(LARGEST_OPENING), async context => {
      const command = await commandIn(context)
      if (command.type !== 'open')
        throw new RequestError(`expected an open command, found ${command.type}`, 400)
      if (!pages.open(pageOf(context), command)) {
        throw new RequestError('it trains as much as it may already; close another page', 429)
      }
      return context.json({ run: command.run }, 201)
    })
    .post('/commands', atMost(LARGEST_COMMAND), async context => {
      const command = await commandIn(context)
      if (command.type === 'open') throw new RequestError('open: post it to /api/runs', 400)
      if (!pages.tell(pageOf(context), command))
        throw new RequestError(`${command.run}: no such training`, 404)
      return context.body(null, 202)
    })
    .post('/alive', context => context.json({ runs: pages.hear(pageOf(context)) }))
    .post('/leave', context => {
      pages.leave(pageOf(context))
      return context.body(null, 204)
    })
    .get('/reports', context => {
      context.header('content-type', 'application/octet-stream')
      return context.body(pages.reports(pageOf(context)))
    })
    .get('/saved', context => context.json(savedRuns(runs)))
    .get('/saved/model', async context => {
      const model = await savedModel(runs, context.req.query('path') ?? '')
      if (!model) throw new RequestError('no such model in the runs folder', 404)
      context.header('content-type', 'application/octet-stream')
      return context.body(model as Uint8Array<ArrayBuffer>)
    })
}

/** The studio's page and what it asks for. */
export function createApp(options: AppOptions): Hono {
  const app = new Hono()
    .use(withHeaders)
    .use(checkNames(options.hosts))
    .route('/api', api(options))
    .get('*', serveSite(options.site))
  app.notFound(context => context.json({ error: 'no such page' }, 404))
  app.onError((error, context) => {
    if (error instanceof RequestError) return context.json({ error: error.message }, error.status)
    return context.json({ error: 'something went wrong' }, 500)
  })
  return app
}
