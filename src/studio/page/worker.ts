import { compile, compileScan, setRuntimeFiles } from '../../runtime/web.ts'
import { host } from '../engine/host.ts'
import type { Command, Report } from '../engine/protocol.ts'

/** Where the runtime's files are; the first message of the page. */
interface Start {
  readonly type: 'start'
  readonly files: { readonly wasm: string; readonly mjs: string }
}

let receive: ((command: Command) => void) | undefined

self.onmessage = ({ data }: MessageEvent<Start | Command>) => {
  if (data.type !== 'start') return receive?.(data)
  setRuntimeFiles(data.files)
  receive = host({ compile, compileScan }, 'WebAssembly', (report: Report) => self.postMessage(report))
}
