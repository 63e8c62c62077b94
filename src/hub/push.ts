import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { commit, createRepo, HubApiError } from '@huggingface/hub'
import { cardText } from '../report/card.ts'
import { encodeModelFile, encodeOnnxModel, readModel } from '../training/model.ts'
import { paths, RunError } from '../training/run.ts'
import { checkRepository, type HubClient, withHub } from './client.ts'

export interface PushOptions {
  readonly private?: boolean
  /** Identifier of the model's licence for its card, e.g. `mit`; without it the card names none. */
  readonly license?: string
  /** First line of the commit. */
  readonly message?: string
}

/** The files of a model as a repository holds them. The card's commands name the repository. */
function filesOf(directory: string, repository: string, license?: string): Map<string, Uint8Array> {
  const model = readModel(directory)
  const { config, evaluation, metrics } = paths(directory)
  const files = new Map<string, Uint8Array>()
  files.set('README.md', Buffer.from(cardText(directory, { repository, license })))
  files.set('model.safetensors', encodeModelFile(model))
  files.set('model.onnx', encodeOnnxModel(model))
  for (const file of [config, evaluation, metrics]) {
    if (existsSync(file)) files.set(basename(file), readFileSync(file))
  }
  return files
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
 * Uploads a run as one commit: its card, `config.json`, the averaged weights and the ONNX model, and what was logged and
 * measured.
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
