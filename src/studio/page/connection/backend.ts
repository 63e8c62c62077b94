import { signal } from '@preact/signals'
import type { Report } from '../../engine/protocol.ts'
import { type Client, startWorker } from './client.ts'
import { type Machine, machineOf, takeToken } from './machine.ts'
import type { ConnectionState } from './server-client.ts'

/** Where trainings run: in this page, or on the machine that serves it. */
export type Backend = 'page' | 'machine'

const token = takeToken()

/** The machine that serves the page, where it is `oxbow studio`. */
export const machine: Machine | null = token ? machineOf(token) : null

/** The same machine for trainings on pictures, whose reports come on a stream of their own. */
export const pictureMachine: Machine | null = token ? machineOf(token) : null

export const backend = signal<Backend>(machine ? 'machine' : 'page')

/** How the connection to that machine is. */
export const connection = signal<ConnectionState>('open')

export const startClient = (onReport: (report: Report) => void): Client => {
  if (!machine || backend.value === 'page') return startWorker(onReport)
  return machine.connect(onReport, next => {
    connection.value = next
  })
}

addEventListener('pagehide', ({ persisted }) => {
  if (persisted) return
  machine?.leave()
  pictureMachine?.leave()
})
