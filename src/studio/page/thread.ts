import { type Part, takePart } from '../../runtime/cpu/wasm.ts'

// A thread of the engine: it never comes back.
self.onmessage = ({ data }: MessageEvent<Part>) => takePart(data, () => self.postMessage('ready'))
