import { nodeRuntime } from '../../runtime/node.ts'
import { defaultThreads } from '../../runtime/threads.ts'
import { host } from '../engine/host.ts'
import { pictureHost } from '../engine/pictures/host.ts'
import type { Command, Report } from '../engine/protocol.ts'
import { DONE } from './training.ts'

// Trains for a page in a process of its own: takes the commands that a worker of the page would take.

/** At once, also from the midst of a step: nothing here is to be kept. */
const end = (): void => {
  process.kill(process.pid, 'SIGKILL')
}
// The server is gone, however it went.
process.once('disconnect', end)
if (!process.connected) end()
// Ctrl-C in a terminal comes to the server too, which ends its children.
process.on('SIGINT', () => {})

const send = (report: Report): void => {
  process.send?.(report, undefined, undefined, () => {})
}
const threads = defaultThreads()
const name = `this machine, ${threads} thread${threads === 1 ? '' : 's'}`
/** As `oxbow train` takes them at a time. */
const chunk = 25
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const engine = { ...nodeRuntime(), chunk }
/** Takes the commands of the one training that it is started for, by what the first of them begins. */
let receive: ((command: Command) => Promise<void>) | undefined
process.on('message', async message => {
  const command = message as Command
  receive ??= (command.type === 'open-pictures' ? pictureHost : host)(engine, name, send, { breathe })
  await receive(command)
  process.send?.(DONE, undefined, undefined, () => {})
})
