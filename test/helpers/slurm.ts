import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.ts'

/** Debian has the daemons where only root looks. */
const PATH = [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter)

interface Ports {
  readonly controller: number
  readonly node: number
}

/** A cluster of one node with two processors, which keeps all it has in a folder and listens on ports of its own. */
function configuration(folder: string, user: string, { controller, node }: Ports): string {
  const settings = {
    ClusterName: 'test',
    SlurmctldHost: 'localhost',
    SlurmUser: user,
    SlurmdUser: user,
    SlurmctldPort: controller,
    SlurmdPort: node,
    AuthType: 'auth/munge',
    CredType: 'cred/munge',
    AuthInfo: `socket=${folder}/munge.socket`,
    StateSaveLocation: `${folder}/state`,
    SlurmdSpoolDir: `${folder}/spool`,
    SlurmctldPidFile: `${folder}/slurmctld.pid`,
    SlurmdPidFile: `${folder}/slurmd.pid`,
    MailProg: '/bin/true',
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    SwitchType: 'switch/none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_Core',
    // The node has two processors, whatever the machine has.
    SlurmdParameters: 'config_overrides',
    SchedulerParameters: 'sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1',
    ReturnToService: 2,
    // Seconds from the signal that ends a job to the one that kills it.
    KillWait: 10,
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`)
  lines.push('NodeName=localhost CPUs=2 State=UNKNOWN')
  lines.push('PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE State=UP')
  return `${lines.join('\n')}\n`
}

/** A controller, a node and their authentication on this machine. */
export class SlurmCluster {
  private readonly daemons: ChildProcess[] = []
  readonly environment: Readonly<Record<string, string>>

  private constructor(private readonly folder: string) {
    this.environment = { SLURM_CONF: join(folder, 'slurm.conf'), PATH }
  }

  /** @throws Error with what the daemons said, when the node is not there after half a minute */
  static async start(folder: string): Promise<SlurmCluster> {
    const cluster = new SlurmCluster(folder)
    for (const name of ['state', 'spool']) mkdirSync(join(folder, name), { recursive: true })
    writeFileSync(join(folder, 'munge.key'), randomBytes(128), { mode: 0o400 })
    const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
    const ports = { controller: await freePort(), node: await freePort() }
    writeFileSync(cluster.environment.SLURM_CONF, configuration(folder, user, ports))
    const own = (option: string, name: string) => `--${option}=${join(folder, name)}`
    cluster.daemon('munged', [
      ...['--foreground', '--force', own('key-file', 'munge.key'), own('socket', 'munge.socket')],
      ...[own('pid-file', 'munge.pid'), own('seed-file', 'munge.seed'), own('log-file', 'munge.log')],
    ])
    cluster.daemon('slurmctld', ['-D', '-L', join(folder, 'slurmctld.log')])
    cluster.daemon('slurmd', ['-D', '-N', 'localhost', '-L', join(folder, 'slurmd.log')])
    for (let tick = 0; cluster.tryRun('sinfo', '--noheader', '--format=%t') !== 'idle'; tick++) {
      if (tick > 60) throw new Error(`Slurm does not start:\n${cluster.logs()}`)
      await sleep(500)
    }
    return cluster
  }

  private daemon(name: string, args: readonly string[]): void {
    const env = { ...process.env, ...this.environment }
    const child = spawn(name, args, { env, stdio: 'ignore' })
    // Told by the logs, where they are asked for.
    child.once('error', () => {})
    this.daemons.push(child)
  }

  /** Runs one of Slurm's commands. */
  run(name: string, ...args: string[]): string {
    const env = { ...process.env, ...this.environment }
    return execFileSync(name, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  }

  private tryRun(name: string, ...args: string[]): string | undefined {
    try {
      return this.run(name, ...args)
    } catch {
      return undefined
    }
  }

  /** Sends what a task gets before its time is over. The command tries again for long once the job is put back. */
  warn(job: string): void {
    const env = { ...process.env, ...this.environment }
    spawnSync('scancel', ['--batch', '--signal=USR1', job], { env, stdio: 'ignore', timeout: 3000 })
  }

  /** What Slurm knows of a job, as `JobState` and `Restarts`. */
  show(job: string): Readonly<Record<string, string>> {
    const words = this.run('scontrol', '--oneliner', 'show', 'job', job).split(' ')
    return Object.fromEntries(words.map(word => word.split('=', 2)))
  }

  /** Numbers of jobs that wait, run or end; tasks by array and number. */
  queue(): string[] {
    return this.run('squeue', '--noheader', '--array', '--format=%i').split('\n').filter(Boolean)
  }

  logs(): string {
    const read = (name: string): string => {
      try {
        return readFileSync(join(this.folder, name), 'utf8').slice(-3000)
      } catch {
        return `${name}: none`
      }
    }
    return ['munge.log', 'slurmctld.log', 'slurmd.log'].map(read).join('\n')
  }

  /** Ends what runs, and the daemons. */
  async stop(): Promise<void> {
    const jobs = this.tryRun('squeue', '--noheader', '--format=%A')?.split('\n').filter(Boolean) ?? []
    for (const job of new Set(jobs)) this.tryRun('scancel', job)
    for (let tick = 0; this.tryRun('squeue', '--noheader') && tick < 60; tick++) await sleep(250)
    for (const child of this.daemons.reverse()) {
      if (child.exitCode !== null || child.pid === undefined) continue
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await Promise.race([ended, sleep(5000).then(() => child.kill('SIGKILL'))])
    }
  }
}
