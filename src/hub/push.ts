import { existsSync } from 'node:fs'
import { basename, isAbsolute, join } from 'node:path'
import { commit, createRepo, HubApiError } from '@huggingface/hub'
import { currentEvaluation } from '../evaluation/evaluate.ts'
import { cardText, SHEETS } from '../report/card.ts'
import { encodeAdapterFile } from '../serialization/adapter.ts'
import { readAdapter } from '../serialization/merge.ts'
import { encodeModelFile, encodeOnnxModel } from '../serialization/model.ts'
import { readModel } from '../serialization/model-files.ts'
import { readBytes } from '../serialization/read-file.ts'
import { encodeAlphabet, encodeRecord, paths, RunError } from '../serialization/run.ts'
import { checkRepository, type HubClient, withHub } from './client.ts'

export interface PushOptions {
  readonly private?: boolean
  /** Identifier of the model's licence for its card, e.g. `mit`; without it the card names none. */
  readonly license?: string
  /** First line of the commit. */
  readonly message?: string
}

/** Keys of what is text and no path, though it may begin with a slash. */
const SYMBOLS = ['alphabet', 'symbols']

/** Whoever reads a repository need not know the folders of the machine that trained it. */
function withoutFolders<T>(value: T): T {
  if (typeof value === 'string') return (isAbsolute(value) ? basename(value) : value) as T
  if (Array.isArray(value)) return value.map(withoutFolders) as T
  if (typeof value !== 'object' || value === null) return value
  const without = (key: string, inner: unknown) => (SYMBOLS.includes(key) ? inner : withoutFolders(inner))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, without(key, inner)])) as T
}

/** The files of a model as a repository holds them. The card's commands name the repository. */
function filesOf(directory: string, repository: string, license?: string): Map<string, Uint8Array> {
  const read = readModel(directory)
  const [config, data] = [withoutFolders(read.config), withoutFolders(read.data)]
  const model = { ...read, config, data }
  const evaluation = currentEvaluation(directory)
  const alphabet = encodeAlphabet(data)
  const { metrics, adapter } = paths(directory)
  const text = (value: string) => Buffer.from(value)
  const card = cardText(directory, { repository, license, record: { config, data } })
  const sheets = `plots/${SHEETS}`
  return new Map<string, Uint8Array>([
    ['README.md', text(card)],
    ['config.json', text(encodeRecord(model))],
    ...(alphabet === undefined ? [] : [['alphabet.json', text(alphabet)] as const]),
    ['model.safetensors', encodeModelFile(model)],
    ['model.onnx', encodeOnnxModel(model)],
    ...(existsSync(adapter)
      ? [['adapter.safetensors', encodeAdapterFile({ ...readAdapter(directory), config, data })] as const]
      : []),
    ...(existsSync(metrics) ? [['metrics.jsonl', readBytes(metrics)] as const] : []),
    ...(evaluation
      ? [['evaluation.json', text(`${JSON.stringify(withoutFolders(evaluation), null, 2)}\n`)] as const]
      : []),
    // The card shows it.
    ...(card.includes(`](${sheets})`) ? [[sheets, readBytes(join(directory, sheets))] as const] : []),
  ])
}

/** Makes the repository, unless there already is one. */
async function ensureRepository(client: HubClient, name: string, isPrivate?: boolean): Promise<void> {
  try {
    await createRepo({ ...credentials(client), repo: { type: 'model', name }, private: isPrivate })
  } catch (error) {
    if (!(error instanceof HubApiError && error.statusCode === 409)) throw error
  }
}

const credentials = ({ hubUrl, fetch, accessToken }: HubClient) => ({
  hubUrl,
  fetch,
  accessToken: accessToken!,
})

/**
 * Uploads a run as one commit: its card, `config.json`, the averaged weights and the ONNX model, its adapter alone where it
 * has one, and what was logged and measured. Of paths on this machine only the last part is uploaded.
 *
 * @returns the repository's address, the commit, and the files
 * @throws RunError when the run, the token or the repository is wrong; HubError when the hub fails
 */
export async function push(
  client: HubClient,
  directory: string,
  repository: string,
  { private: isPrivate, license, message = 'Upload a flow map' }: PushOptions = {},
): Promise<{ url: string; commit?: string; files: string[] }> {
  const name = checkRepository(repository)
  if (!client.accessToken) {
    throw new RunError(
      'a token is needed to push: set HF_TOKEN, or log in with "hf auth login"; https://huggingface.co/settings/tokens makes one',
    )
  }
  const files = filesOf(directory, repository, license)
  const result = await withHub(client, repository, async () => {
    await ensureRepository(client, name, isPrivate)
    return commit({
      ...credentials(client),
      repo: { type: 'model', name },
      title: message,
      // Plain LFS, which every server of the protocol knows.
      useXet: false,
      operations: [...files].map(([path, content]) => ({
        operation: 'addOrUpdate' as const,
        path,
        content: new Blob([content as Uint8Array<ArrayBuffer>]),
      })),
    })
  })
  return { url: `${client.hubUrl}/${repository}`, commit: result?.commit.oid, files: [...files.keys()] }
}
