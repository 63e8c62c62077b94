import { isMainThread } from 'node:worker_threads'

/**
 * ONNX Runtime for Node sends telemetry, and keeps a device identifier and a queue of events in the user's cache folder,
 * unless this variable is set in the environment of the process before its first session. Importing this module, which
 * has to come before `onnxruntime-node`, sets it; child processes inherit it.
 */
const VARIABLE = 'ORT_DISABLE_TELEMETRY'
const wasOff = process.env[VARIABLE] === '1'
process.env[VARIABLE] = '1'

/**
 * A worker thread only has a copy of the environment, which the native library does not read, and the main thread of a
 * program need not know of this package: it is told to set the variable, by the inspector, which opens no port.
 *
 * @throws Error when the main thread cannot be told
 */
async function turnOffInMainThread(): Promise<void> {
  // Node ends a worker that waits for nothing but the inspector.
  const alive = setInterval(() => {}, 60_000)
  try {
    const { Session } = await import('node:inspector/promises')
    const session = new Session()
    session.connectToMainThread()
    await session.post('Runtime.evaluate', { expression: `process.env.${VARIABLE} = '1'` })
    session.disconnect()
  } catch (error) {
    if (wasOff) return
    throw new Error(
      `ONNX Runtime's telemetry cannot be turned off from a worker thread (${(error as Error).message}); set ${VARIABLE}=1 in the environment of the program`,
    )
  } finally {
    clearInterval(alive)
  }
}

let off: Promise<void> | undefined

/** Turns telemetry off for the whole process; to be awaited before a session is made. */
export function withoutTelemetry(): Promise<void> {
  off ??= isMainThread ? Promise.resolve() : turnOffInMainThread()
  return off
}
