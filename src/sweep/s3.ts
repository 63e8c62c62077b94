import { setTimeout as sleep } from 'node:timers/promises'
import { AwsClient } from 'aws4fetch'
import { QueueError } from './queue-error.ts'

/** The bytes of an answer; nothing where there are more than expected, which are not waited for. */
async function bytesUpTo(largest: number, { body }: Response): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body ?? []) {
    size += piece.length
    if (size > largest) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces, size)
}

type Environment = Readonly<Record<string, string | undefined>>

/** A folder of a bucket: objects by their names. */
export interface Bucket {
  /**
   * @param largest  bytes that it may have
   * @returns nothing where there is no such object
   * @throws QueueError as soon as more bytes come
   */
  get(name: string, largest: number): Promise<Uint8Array | undefined>
  has(name: string): Promise<boolean>
  put(name: string, content: Uint8Array): Promise<void>
  remove(name: string): Promise<void>
}

/** Tries of a request, and milliseconds before the second, doubled for each further one. */
const [TRIES, PAUSE] = [4, 300]

/** Milliseconds of one request. */
const LONGEST = 10 * 60_000

const ADVICE: Readonly<Record<number, string>> = {
  301: 'the bucket is in another region; set AWS_REGION',
  307: 'the bucket is in another region; set AWS_REGION',
  401: 'the credentials are refused; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  403: 'the credentials are refused, or do not allow this; see AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  404: 'there is no such bucket',
}

/** The address of a bucket's objects: below an endpoint of its own, or at Amazon's. */
function addressOf(
  bucket: string,
  region: string,
  { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL }: Environment,
): string {
  const endpoint = (AWS_ENDPOINT_URL_S3 || AWS_ENDPOINT_URL)?.replace(/\/+$/, '')
  if (!endpoint) return `https://${bucket}.s3.${region}.amazonaws.com`
  if (URL.canParse(endpoint) && /^https?:/.test(endpoint)) return `${endpoint}/${bucket}`
  throw new QueueError(
    `AWS_ENDPOINT_URL: expected an address such as https://s3.example.org, found "${endpoint}"`,
  )
}

/**
 * A folder of an S3-compatible bucket, with the credentials of the environment.
 *
 * @throws QueueError when the address is none, or there are no credentials
 */
export function openBucket(address: string, environment: Environment = process.env): Bucket {
  const [, bucket, prefix = ''] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w./-]*))?$/.exec(address) ?? []
  if (!bucket || prefix.split('/').some(part => part === '..' || part === '.')) {
    throw new QueueError(`--results: expected an address such as s3://bucket/folder, found "${address}"`)
  }
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new QueueError(
      `--results: ${address} needs credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL if the bucket is not at Amazon`,
    )
  }
  const region = environment.AWS_REGION || environment.AWS_DEFAULT_REGION || 'us-east-1'
  const client = new AwsClient({
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    sessionToken: AWS_SESSION_TOKEN,
    service: 's3',
    region,
    retries: 0,
  })
  const base = addressOf(bucket, region, environment)
  const urlOf = (name: string): string =>
    [base, prefix.replace(/^\/+|\/+$/g, ''), name].filter(Boolean).join('/')

  const once = async (method: string, name: string, body?: Uint8Array): Promise<Response> => {
    const request = await client.sign(urlOf(name), {
      method,
      body: body as Uint8Array<ArrayBuffer> | undefined,
    })
    return fetch(request, { signal: AbortSignal.timeout(LONGEST), redirect: 'manual' })
  }
  const send = async (method: string, name: string, body?: Uint8Array): Promise<Response> => {
    for (let attempt = 1; ; attempt++) {
      let problem: string
      try {
        const answer = await once(method, name, body)
        if (answer.status < 500 && answer.status !== 429) return answer
        problem = `answers ${answer.status}`
      } catch (error) {
        const { cause, message } = error as Error & { cause?: Error }
        problem = cause?.message || message
      }
      if (attempt === TRIES)
        throw new QueueError(`--results: ${address}: cannot be reached: ${problem} (${base})`)
      await sleep(PAUSE * 2 ** (attempt - 1))
    }
  }
  const refuse = (name: string, { status }: Response): never => {
    throw new QueueError(
      `--results: ${address}: ${name}: ${ADVICE[status] ?? `the server answers ${status}`} (${base})`,
    )
  }
  /** Whether it is the object that is missing, and not the bucket. */
  const isMissing = async (answer: Response): Promise<boolean> =>
    answer.status === 404 && !(await answer.text()).includes('NoSuchBucket')

  return {
    get: async (name, largest) => {
      const answer = await send('GET', name)
      if (!answer.ok) return (await isMissing(answer)) ? undefined : refuse(name, answer)
      const content = await bytesUpTo(largest, answer)
      if (content) return content
      throw new QueueError(
        `--results: ${address}: ${name} is larger than the ${largest} bytes expected; remove it from the bucket`,
      )
    },
    has: async name => {
      const answer = await send('HEAD', name)
      return answer.ok || (answer.status === 404 ? false : refuse(name, answer))
    },
    put: async (name, content) => {
      const answer = await send('PUT', name, content)
      if (!answer.ok) refuse(name, answer)
      await answer.arrayBuffer()
    },
    remove: async name => {
      const answer = await send('DELETE', name)
      if (!answer.ok && answer.status !== 404) refuse(name, answer)
      await answer.arrayBuffer()
    },
  }
}
