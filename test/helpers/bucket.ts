import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that speaks as much of S3 as is needed, with one bucket. */
export interface BucketServer {
  readonly url: string
  readonly objects: Map<string, Buffer>
  /** What was asked, in order: `PUT name`. */
  readonly requests: string[]
  /** Told of each request before it is answered. */
  onRequest?: (method: string, name: string) => void
  /** Answers that are given before the true ones, by status. */
  readonly failures: number[]
  /** What the clients' environment needs. */
  readonly environment: Readonly<Record<string, string>>
  close(): Promise<void>
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

const KEY = 'test-key'

/** Refuses requests that are not signed by the key, or whose body is not the one that was signed. */
function isSigned({ headers }: IncomingMessage, body: Buffer): boolean {
  const signed = headers['x-amz-content-sha256']
  const hash = createHash('sha256').update(body).digest('hex')
  const credential = new RegExp(`^AWS4-HMAC-SHA256 Credential=${KEY}/\\d{8}/test-region/s3/aws4_request, `)
  return credential.test(headers.authorization ?? '') && (signed === hash || signed === 'UNSIGNED-PAYLOAD')
}

export async function startBucket(): Promise<BucketServer> {
  const objects = new Map<string, Buffer>()
  const [requests, failures]: [string[], number[]] = [[], []]
  let self: BucketServer
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const { method = '', url = '' } = request
    const end = (status: number, content?: string | Buffer) => response.writeHead(status).end(content)
    const [, bucket, name] = /^\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url)) ?? []
    requests.push(`${method} ${name}`)
    self.onRequest?.(method, name)
    const failure = failures.shift()
    if (failure) return end(failure)
    if (!isSigned(request, body)) return end(403, '<Error><Code>SignatureDoesNotMatch</Code></Error>')
    if (bucket !== 'bucket') return end(404, '<Error><Code>NoSuchBucket</Code></Error>')
    if (method === 'PUT') {
      objects.set(name, body)
      return end(200)
    }
    if (method === 'DELETE') {
      objects.delete(name)
      return end(204)
    }
    const found = objects.get(name)
    if (!found) return end(404, method === 'HEAD' ? undefined : '<Error><Code>NoSuchKey</Code></Error>')
    return end(200, method === 'HEAD' ? undefined : found)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  self = {
    ...{ url, objects, requests, failures },
    environment: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: KEY,
      AWS_SECRET_ACCESS_KEY: 'test-secret',
      AWS_REGION: 'test-region',
    },
    close: () => new Promise(resolve => server.close(() => resolve())),
  }
  return self
}
