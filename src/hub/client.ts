import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { HubApiError } from '@huggingface/hub'
import { readText } from '../serialization/read-file.ts'
import { RunError } from '../serialization/run.ts'
import { limitedFetch } from './limited-fetch.ts'

/** The hub refused, failed or could not be reached. */
export class HubError extends Error {
  override readonly name = 'HubError'
}

type Environment = Readonly<Record<string, string | undefined>>

/** What a command says to the hub with. */
export interface HubClient {
  readonly hubUrl: string
  readonly accessToken?: string
  readonly fetch: typeof fetch
}

/** Where `hf auth login` keeps the token, by the variables that the hub's own tools know. */
function tokenFile({ HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME }: Environment): string {
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface')
  return HF_TOKEN_PATH || join(home, 'token')
}

function tokenOf(environment: Environment): string | undefined {
  const given = environment.HF_TOKEN?.trim()
  if (given) return given
  const file = tokenFile(environment)
  return (existsSync(file) && readText(file).trim()) || undefined
}

/**
 * A client of the hub at `HF_ENDPOINT` (default https://huggingface.co), with the token of `HF_TOKEN` or of the file that
 * `hf auth login` writes, where there is one.
 *
 * @throws RunError when the address is none or the token cannot be one
 */
export function hubClient(environment: Environment = process.env): HubClient {
  const hubUrl = (environment.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '')
  if (!URL.canParse(hubUrl) || !/^https?:/.test(hubUrl)) {
    throw new RunError(`HF_ENDPOINT: expected an address such as https://huggingface.co, found "${hubUrl}"`)
  }
  const accessToken = tokenOf(environment)
  if (accessToken !== undefined && !/^hf_[\x21-\x7e]+$/.test(accessToken)) {
    throw new RunError('the token of the hub (HF_TOKEN, or its file) is none: expected it to begin with hf_')
  }
  return { hubUrl, accessToken, fetch: limitedFetch(hubUrl) }
}

/** @returns the name @throws RunError when it is not of the form `user/name` */
export function checkRepository(name: string): string {
  const part = /^[A-Za-z0-9][\w.-]{0,95}$/
  const parts = name.split('/')
  if (parts.length === 2 && parts.every(text => part.test(text) && !/\.\.|--|\.git$/.test(text))) return name
  throw new RunError(`${name}: expected a repository of the hub, such as user/model`)
}

const ADVICE: Readonly<Record<number, string>> = {
  401: 'not found, or private and the token (HF_TOKEN) does not open it',
  403: 'the token (HF_TOKEN) does not allow this',
  404: 'not found on the hub',
}

/** Codes of a hub, or a network, that is not there. */
const UNREACHED = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Does something with the hub; what goes wrong becomes one line about the repository, without the token. */
export async function withHub<T>(
  { hubUrl, accessToken }: HubClient,
  repository: string,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof RunError || error instanceof HubError) throw error
    // A stream that fails gives only the words.
    const known = error instanceof Error ? error : new Error(String(error))
    const { message, cause, statusCode } = known as HubApiError & { cause?: NodeJS.ErrnoException }
    const failure = cause?.message ?? message
    const reason =
      error instanceof HubApiError
        ? (ADVICE[statusCode] ?? message)
        : UNREACHED.has(cause?.code ?? '')
          ? `the hub cannot be reached: ${failure}; try again with a network, or name another hub by HF_ENDPOINT`
          : failure
    const line = `${repository}: ${reason} (${hubUrl})`
    const safe = accessToken ? line.replaceAll(accessToken, '[token]') : line
    if (error instanceof HubApiError && statusCode in ADVICE) throw new RunError(safe)
    throw new HubError(safe)
  }
}
