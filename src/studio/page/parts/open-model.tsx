import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SavedRun } from '../../engine/saved-run.ts'
import { machine } from '../connection/backend.ts'
import { bytesOf, openModel } from '../connection/model-files.ts'
import { MOST_RUNS, problem, state } from '../state/store.ts'
import { add } from '../state/training.ts'
import { announce } from './announcements.tsx'
import { Dialog } from './dialog.tsx'
import './open-model.css'

const shown = signal(false)
const saved = signal<readonly SavedRun[] | null>(null)

/** Shows a model beside the other runs; gives what was wrong with it, if anything was. */
async function show(read: () => Promise<Uint8Array>, name: string, path?: string): Promise<string | null> {
  problem.value = null
  shown.value = false
  try {
    if (state.value.runs.length >= MOST_RUNS) {
      throw new Error(`${name}: ${MOST_RUNS} runs are already open; remove one first`)
    }
    add(await openModel(await read(), name, path))
    announce(`${path ?? name} is open`)
    return null
  } catch (error) {
    problem.value = (error as Error).message
    return problem.value
  }
}

/** Shows the model of a file; gives what was wrong with it, if anything was. */
export const showFile = (file: File): Promise<string | null> => show(() => bytesOf(file), file.name)

function Saved({ run }: { run: SavedRun }) {
  const { path, objective, data, steps, of, problem } = run
  const count = steps === of ? `${steps} steps` : `${steps} of ${of} steps`
  return (
    <li>
      <button
        type="button"
        disabled={problem !== null}
        onClick={() => show(() => machine!.model(path), `${path.split('/').at(-1)}.safetensors`, path)}
      >
        <strong>{path}</strong>
        <span class="soft">{problem ?? `${objective} on ${data}, ${count}`}</span>
      </button>
    </li>
  )
}

/** The runs folder of the machine that serves the page. */
function SavedRuns() {
  useEffect(() => {
    machine!.runs().then(
      list => {
        saved.value = list
      },
      (error: Error) => {
        problem.value = error.message
        shown.value = false
      },
    )
  }, [])
  return (
    <section aria-labelledby="saved-runs">
      <h3 id="saved-runs">Runs on this machine</h3>
      {saved.value === null && <p class="soft">Looking</p>}
      {saved.value?.length === 0 && <p class="soft">The runs folder holds none yet.</p>}
      <ul class="list">
        {saved.value?.map(run => (
          <Saved key={run.path} run={run} />
        ))}
      </ul>
    </section>
  )
}

/** Opens a model beside the runs: of a file, or of the machine's runs folder. */
export function OpenModel() {
  return (
    <>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => {
          saved.value = null
          shown.value = true
        }}
      >
        Open
      </button>
      {shown.value && (
        <Dialog
          title="Open a model"
          onClose={() => {
            shown.value = false
          }}
        >
          <section aria-labelledby="own-file">
            <h3 id="own-file">From a file</h3>
            <label class="field">
              <span>A .safetensors or .onnx file from Oxbow, or another ONNX flow map in the plane</span>
              <input
                type="file"
                accept=".safetensors,.onnx"
                onChange={event => {
                  const [file] = event.currentTarget.files ?? []
                  if (file) void showFile(file)
                }}
              />
            </label>
            <p class="soft">
              Or drop it anywhere on the page. It opens as another run, scaled like the noise.
            </p>
          </section>
          {machine && <SavedRuns />}
        </Dialog>
      )}
    </>
  )
}
