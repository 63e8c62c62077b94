export type RuntimeName = 'wasm' | 'webgpu'

const KEY = 'oxbow-runtime'

/** Whether the browser knows WebGPU; there may be no adapter yet. */
export const hasWebGpu = (): boolean => 'gpu' in navigator

/** What runs graphs in this browser: WebAssembly unless WebGPU was chosen. */
export function chosenRuntime(): RuntimeName {
  try {
    return hasWebGpu() && localStorage.getItem(KEY) === 'webgpu' ? 'webgpu' : 'wasm'
  } catch {
    return 'wasm'
  }
}

/** Remembers the choice and loads the page anew, which takes its trainings again. */
export function chooseRuntime(name: RuntimeName): void {
  try {
    localStorage.setItem(KEY, name)
    location.reload()
  } catch {
    // Where nothing may be remembered there is no choice.
  }
}
