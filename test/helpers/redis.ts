import { type ChildProcess, spawn } from 'node:child_process'
import { connect } from 'node:net'
import { freePort } from './free-port.ts'

const listens = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** A server of Redis that keeps what it is told on the disk. */
export class RedisServer {
  private child: ChildProcess | undefined

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private readonly password?: string,
  ) {}

  static async start(folder: string, password?: string): Promise<RedisServer> {
    const server = new RedisServer(folder, await freePort(), password)
    await server.start()
    return server
  }

  get url(): string {
    return `redis://${this.password ? `:${this.password}@` : ''}127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const options = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '', '--bind', '127.0.0.1']
    const secret = this.password ? ['--requirepass', this.password] : []
    this.child = spawn(
      'redis-server',
      ['--port', `${this.port}`, '--dir', this.folder, ...options, ...secret],
      {
        stdio: 'ignore',
      },
    )
    while (!(await listens(this.port))) await new Promise(resolve => setTimeout(resolve, 50))
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    const { child } = this
    if (!child) return
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    this.child = undefined
  }
}
