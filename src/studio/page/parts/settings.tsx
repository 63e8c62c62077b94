import type { Plan } from '../../plan.ts'
import { chooseRuntime, chosenRuntime, hasWebGpu, type RuntimeName } from '../connection/runtime-choice.ts'
import { selected } from '../state/store.ts'
import { begin } from './choose.ts'
import { NumberInput } from './number-input.tsx'
import { datasetOf } from './target-points.ts'

interface Choices {
  readonly name: string
  readonly key: 'hidden' | 'layers' | 'batch' | 'interpolant'
  readonly values: readonly (readonly [value: string | number, text: string])[]
}

const plain = (...values: number[]) => values.map(value => [value, value.toLocaleString('en')] as const)

const SETTINGS: readonly Choices[] = [
  { name: 'Units per layer', key: 'hidden', values: plain(16, 32, 64, 128, 192, 256, 512) },
  { name: 'Hidden layers', key: 'layers', values: plain(1, 2, 3, 4, 5, 6) },
  { name: 'Batch', key: 'batch', values: plain(32, 64, 128, 256, 512, 1024, 2048, 4096, 8192) },
  {
    name: 'Path from data to noise',
    key: 'interpolant',
    values: [
      ['linear', 'linear'],
      ['trig', 'trigonometric'],
      ['vp', 'variance preserving'],
    ],
  },
]

function Setting({ name, key, values }: Choices) {
  const value = selected.value[key]
  const known = values.some(([each]) => each === value)
  return (
    <label key={key} class="field">
      {name}
      <select
        value={String(value)}
        onChange={event => {
          const [chosen] = values.find(([each]) => String(each) === event.currentTarget.value)!
          begin({ [key]: chosen } as Partial<Plan>)
        }}
      >
        {!known && <option value={String(value)}>{value}</option>}
        {values.map(([each, text]) => (
          <option key={each} value={String(each)}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Whether the map is told the class of each point, where the target has some. */
function ClassesSetting() {
  const { target, condition } = selected.value
  const classes = datasetOf(target).labels?.names.length ?? 0
  if (classes < 2) return null
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={condition !== undefined}
        onChange={event => begin({ condition: event.currentTarget.checked ? 'class' : undefined })}
      />
      Train with the {classes} classes of the data
    </label>
  )
}

/** Where graphs run, in browsers that offer a choice. */
function RuntimeChoice() {
  if (!hasWebGpu()) return null
  return (
    <label class="field">
      Runtime in this page
      <select
        value={chosenRuntime()}
        aria-describedby="runtime-note"
        onChange={event => chooseRuntime(event.currentTarget.value as RuntimeName)}
      >
        <option value="wasm">WebAssembly</option>
        <option value="webgpu">WebGPU (a larger download)</option>
      </select>
      <span class="soft" id="runtime-note">
        Compare steps/s: small networks may be faster with WebAssembly. Changing this reloads the page and
        reruns its training.
      </span>
    </label>
  )
}

/** What a training is begun with. */
export function Settings() {
  const { seed } = selected.value
  return (
    <details class="settings">
      <summary>Network, batch, path, seed</summary>
      <div class="panel">
        <p class="soft">Changing these restarts training.</p>
        <div class="pair">{SETTINGS.map(Setting)}</div>
        <ClassesSetting />
        <label class="field">
          Seed
          <NumberInput
            min={0}
            max={2 ** 31}
            value={seed}
            commit={typed => {
              if (!Number.isInteger(typed) || typed < 0) return seed
              begin({ seed: typed })
              return typed
            }}
          />
        </label>
        <RuntimeChoice />
      </div>
    </details>
  )
}
