import { signal, useSignal } from '@preact/signals'
import { encodeCsv } from '../../../data/csv-writer.ts'
import { encodeNpy } from '../../../data/npy.ts'
import { drawNoise, uniformGrid } from '../../../sampler/sampler.ts'
import { tableOf } from '../../engine/target.ts'
import { fileOfPlan, type Plan, stepsOf, type Target } from '../../plan.ts'
import { commandOf, originOf, recipeOf, snippetOf, trainedObjective } from '../../recipe.ts'
import { landing } from '../draw/landing.ts'
import { Dialog } from '../parts/dialog.tsx'
import { NumberInput } from '../parts/number-input.tsx'
import { drawTarget, nameOf } from '../parts/target-points.ts'
import { linkOf, rerunWords } from '../state/link.ts'
import { selected, selectedLive, state } from '../state/store.ts'
import { ask } from '../state/training.ts'
import { Copied } from './copied.tsx'
import { pictureSvg, type SamplesPicture, svgToPng } from './picture.ts'
import { saveFile } from './save.ts'
import { yamlOf } from './yaml.ts'

/** What went wrong with the last thing that was asked for. */
const trouble = signal<string | null>(null)
const count = signal(5000)
const steps = signal(1)
const seed = signal(0)

/** Points of the target in a picture. */
const SHOWN = 3000
const MOST = 100_000

/** Does what a button says, and says why it cannot. */
const attempt = (action: () => Promise<void> | void) => async (): Promise<void> => {
  trouble.value = null
  try {
    await action()
  } catch (error) {
    trouble.value = (error as Error).message
  }
}

const fileName = (plan: Plan): string =>
  `${nameOf(plan.target)}-${trainedObjective(plan) ?? 'map'}`.replaceAll(/[^\w.-]+/g, '-')

const titleOf = (plan: Plan): string =>
  `${fileOfPlan(plan)?.name ?? trainedObjective(plan)} on ${nameOf(plan.target)}`

/** Samples of the selected run, as `oxbow sample` draws them. */
async function drawSamples(): Promise<Float32Array> {
  const noise = drawNoise(count.value, 2, seed.value)
  const grid = uniformGrid(steps.value)
  const { weights, selected: at } = state.value
  const path = await ask(at, 'through', { points: noise, grid, method: 'jump', weights })
  return path.at(-1)!
}

function pictureOf(plan: Plan): SamplesPicture {
  const { samples, distance, strays } = selectedLive.value!
  const taken = `${stepsOf(originOf(plan)).toLocaleString('en')} steps`
  const from = fileOfPlan(plan)
  const scored = distance
    ? `; distance ${distance.value.toFixed(3)} (real data: ${distance.floor.toFixed(3)})`
    : ''
  const landed = strays ? `; ${landing(strays.value)} on the data` : ''
  return {
    title: titleOf(plan),
    caption: `One jump from noise${from && stepsOf(plan) === 0 ? '' : ` after ${taken}`}${landed}${scored}`,
    samples,
    ...(strays && { marks: strays.marks }),
    at: state.value.selected,
    target: plan.target.kind === 'unknown' ? null : drawTarget(plan.target, SHOWN),
  }
}

function Link() {
  return (
    <section class="link" aria-labelledby="home-link">
      <h3 id="home-link">Link</h3>
      <p class="soft">
        The whole state of the page: anyone who opens the link sees the same{rerunWords()}.
        {selectedLive.value?.pausedSteps
          ? ' It reruns with all networks training, even if you paused one here.'
          : ''}
      </p>
      <Copied text={linkOf()} label="Link" rows={3} />
    </section>
  )
}

/** How a page that is one file is shown within another. */
const embedOf = (name: string): string =>
  `<iframe src="${name}" title="A flow map" width="720" height="520" loading="lazy"></iframe>`

function OneFile({ plan }: { plan: Plan }) {
  const name = `${fileName(plan)}.html`
  const said = useSignal('')
  if (fileOfPlan(plan)?.format === 'onnx') return null
  return (
    <section aria-labelledby="home-page">
      <h3 id="home-page">A page in one file</h3>
      <p class="soft">
        The map with its points and the animation, in a page that opens anywhere, even offline; a point can be
        dragged. Weights are stored with 16 bits.
      </p>
      <div class="buttons">
        <button
          type="button"
          onClick={attempt(async () => {
            said.value = 'Working …'
            try {
              const { oneFilePage } = await import('./one-file.ts')
              const page = await oneFilePage(`From noise to ${nameOf(plan.target)}`)
              saveFile(name, page, 'text/html')
              said.value = `${(page.length / 1000).toFixed(0)} kB`
            } catch (error) {
              said.value = ''
              throw error
            }
          })}
        >
          HTML
        </button>
        <output class="soft">{said.value}</output>
      </div>
      <p class="soft">To embed it in a page of your own, put the file next to that page and add:</p>
      <Copied text={embedOf(name)} label="Embed" rows={2} />
    </section>
  )
}

/** The flight of one jump as it is on the stage of Play. */
async function drawLoop(plan: Plan): Promise<Uint8Array> {
  const { weights, selected: at } = state.value
  const { flightGif } = await import('./loop.ts')
  const question = { steps: 1, method: 'jump', weights, count: 2000, seed: plan.seed } as const
  const { path, marks } = await ask(at, 'samples', question)
  const target = plan.target.kind === 'unknown' ? new Float32Array(0) : drawTarget(plan.target, 1000)
  return flightGif(target, { path, marks }, at)
}

function Pictures({ plan }: { plan: Plan }) {
  const ready = (selectedLive.value?.samples.length ?? 0) > 0
  return (
    <section aria-labelledby="home-picture">
      <h3 id="home-picture">Picture</h3>
      <div class="buttons">
        <button
          type="button"
          disabled={!ready}
          onClick={attempt(async () =>
            saveFile(`${fileName(plan)}.png`, await svgToPng(pictureSvg(pictureOf(plan)))),
          )}
        >
          PNG
        </button>
        <button
          type="button"
          disabled={!ready}
          onClick={attempt(() =>
            saveFile(`${fileName(plan)}.svg`, pictureSvg(pictureOf(plan)), 'image/svg+xml'),
          )}
        >
          SVG
        </button>
        <button
          type="button"
          onClick={attempt(async () => saveFile(`${fileName(plan)}.gif`, await drawLoop(plan), 'image/gif'))}
        >
          GIF of the flight
        </button>
      </div>
    </section>
  )
}

function NumberField({
  name,
  value,
  most,
  least,
}: {
  name: string
  value: typeof count
  most: number
  least: number
}) {
  return (
    <label class="field">
      <span>{name}</span>
      <NumberInput
        min={least}
        max={most}
        value={value.value}
        commit={typed => {
          value.value = Math.min(Math.max(Number.isFinite(typed) ? Math.round(typed) : least, least), most)
          return value.value
        }}
      />
    </label>
  )
}

function Samples({ plan }: { plan: Plan }) {
  return (
    <section aria-labelledby="home-samples">
      <h3 id="home-samples">Samples</h3>
      <div class="pair">
        <NumberField name="Points" value={count} least={1} most={MOST} />
        <NumberField name="Jumps" value={steps} least={1} most={64} />
        <NumberField name="Seed of the noise" value={seed} least={0} most={1_000_000} />
      </div>
      <div class="buttons">
        <button
          type="button"
          onClick={attempt(async () =>
            saveFile(`${fileName(plan)}.csv`, encodeCsv(await drawSamples(), 2), 'text/csv'),
          )}
        >
          CSV
        </button>
        <button
          type="button"
          onClick={attempt(async () => {
            const data = await drawSamples()
            saveFile(`${fileName(plan)}.npy`, encodeNpy({ shape: [data.length / 2, 2], data }))
          })}
        >
          NPY
        </button>
        {plan.target.kind !== 'unknown' && (
          <button
            type="button"
            onClick={attempt(() => {
              const points = drawTarget(plan.target, count.value)
              saveFile(`${fileName(plan)}-target.csv`, encodeCsv(points, 2), 'text/csv')
            })}
          >
            CSV of the target
          </button>
        )}
      </div>
    </section>
  )
}

const FORMATS = { onnx: 'ONNX', safetensors: 'safetensors' } as const

function Models({ plan }: { plan: Plan }) {
  const { weights } = state.value
  if (fileOfPlan(plan)?.format === 'onnx') return null
  return (
    <section aria-labelledby="home-model">
      <h3 id="home-model">Model</h3>
      <p class="soft">
        {weights === 'ema' ? 'The averaged weights' : 'The raw weights'}, for <code>oxbow sample</code>, ONNX
        Runtime and other programs.
      </p>
      <div class="buttons">
        {(Object.keys(FORMATS) as (keyof typeof FORMATS)[]).map(format => (
          <button
            key={format}
            type="button"
            onClick={attempt(async () =>
              saveFile(
                `${fileName(plan)}.${format}`,
                await ask(state.value.selected, 'file', { format, weights }),
              ),
            )}
          >
            {FORMATS[format]}
          </button>
        ))}
      </div>
    </section>
  )
}

/** The target as a file that the command line reads. */
function Table({ name, target }: { name: string; target: Target }) {
  return (
    <div class="buttons">
      <button
        type="button"
        onClick={attempt(() => saveFile(name, encodeCsv(tableOf(target), 2), 'text/csv'))}
      >
        {name}
      </button>
    </div>
  )
}

function Recipes({ plan }: { plan: Plan }) {
  const recipe = recipeOf(plan, selectedLive.value?.pausedSteps)
  const snippet = snippetOf(recipe, { steps: steps.value, seed: seed.value })
  return (
    <>
      <section aria-labelledby="home-command">
        <h3 id="home-command">Train the same on the command line</h3>
        {'reason' in recipe ? (
          <p>{recipe.reason}</p>
        ) : (
          <>
            {recipe.notes.map(note => (
              <p key={note}>{note}</p>
            ))}
            {recipe.table !== null && <Table name={recipe.table} target={plan.target} />}
            <Copied
              text={recipe.runs.map(commandOf).join('\n')}
              label="Command"
              rows={4 * recipe.runs.length}
            />
            <p class="soft">Or as configuration, for --config:</p>
            <div class="buttons">
              {recipe.runs.map(({ directory, config }) => {
                const name = `${directory.replace('runs/', '')}.yaml`
                const head = `# npx oxbow train --config ${name} --out ${directory}\n`
                return (
                  <button
                    key={name}
                    type="button"
                    onClick={attempt(() => saveFile(name, head + yamlOf(config), 'application/yaml'))}
                  >
                    {name}
                  </button>
                )
              })}
            </div>
          </>
        )}
      </section>
      <section aria-labelledby="home-program">
        <h3 id="home-program">TypeScript</h3>
        {'reason' in recipe && <p class="soft">With the model saved next to it as model.safetensors.</p>}
        <Copied text={snippet} label="Program" rows={snippet.split('\n').length} />
      </section>
    </>
  )
}

export function TakeHomeDialog({ onClose }: { onClose: () => void }) {
  const plan = selected.value
  return (
    <Dialog title="Export" onClose={onClose}>
      <p class="soft">Exports run: {fileName(plan)}.</p>
      {trouble.value && (
        <p class="problem" role="alert">
          {trouble.value}
        </p>
      )}
      <Link />
      <OneFile plan={plan} />
      <Pictures plan={plan} />
      <Samples plan={plan} />
      <Models plan={plan} />
      <Recipes plan={plan} />
    </Dialog>
  )
}
