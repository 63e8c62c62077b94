import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SavedRun } from '../engine/saved-run.ts'
import { announce } from './announce.tsx'
import { Dialog } from './dialog.tsx'
import { machine } from './engines.ts'
import { openModel } from './files.ts'
import { add, MOST_RUNS, open, problem, state } from './store.ts'

const shown = signal(false)
const saved = signal<readonly SavedRun[] | null>(null)

/** Names of files that hold models. */
const MODEL = /\.(safetensors|onnx)$/i

/** Shows a model beside the other runs; in the place of the selected one where there is no room. */
async function show(read: () => Promise<Uint8Array>, name: string, path?: string): Promise<void> {
  problem.value = null
  try {
    const plan = await openModel(await read(), name, path)
    if (state.value.runs.length < MOST_RUNS) add(plan)
    else open(plan)
    shown.value = false
    announce(`${path ?? name} is open`)
  } catch (error) {
    problem.value = (error as Error).message
    shown.value = false
  }
}

const showFile = (file: File): Promise<void> =>
  show(async () => new Uint8Array(await file.arrayBuffer()), file.name)

/** Takes models that are dropped anywhere on the page; other files are left to those who want them. */
function useDroppedModels(): void {
  useEffect(() => {
    const drop = (event: DragEvent): void => {
      const [file] = event.dataTransfer?.files ?? []
      if (!file || !MODEL.test(file.name)) return
      event.preventDefault()
      event.stopPropagation()
      // Those who listen for files to come and go see that this one is gone.
      event.target?.dispatchEvent(new DragEvent('dragleave', { bubbles: true }))
      void showFile(file)
    }
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
    }
    addEventListener('drop', drop, { capture: true })
    addEventListener('dragover', over)
    return () => {
      removeEventListener('drop', drop, { capture: true })
      removeEventListener('dragover', over)
    }
  }, [])
}

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
  useDroppedModels()
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
              <span>A .safetensors or .onnx file of oxbow, or another ONNX flow map in the plane</span>
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
              Or drop it anywhere on the page. It is shown as one more run, on the scale of the noise.
            </p>
          </section>
          {machine && <SavedRuns />}
        </Dialog>
      )}
    </>
  )
}
