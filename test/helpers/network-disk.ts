import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SERVER = '/usr/lib/openssh/sftp-server'

/** A folder that is reached by SFTP, as over a network: by a file system in user space, with a server on this machine. */
export interface NetworkDisk {
  readonly at: string
  /** Ends the server, as a cable that is pulled does. */
  cut(): void
  free(): void
}

/**
 * Mounts a folder over SFTP.
 *
 * @param name  of the mount; one folder may have several, each with a server of its own
 * @returns why not, where it cannot be mounted here
 */
export function mountOverNetwork(folder: string, name: string, served: string): NetworkDisk | string {
  if (!existsSync(SERVER)) return 'sshfs and openssh-sftp-server are not installed'
  const [at, pid, shell] = [name, `${name}.pid`, `${name}.sh`].map(each => join(folder, each))
  mkdirSync(at)
  // In the place of ssh: the server itself, on the same pipes.
  writeFileSync(shell, `#!/bin/sh\necho $$ > '${pid}'\nexec ${SERVER}\n`, { mode: 0o755 })
  const options = ['-o', `ssh_command=${shell}`, `localhost:${served}`, at]
  const { status, stderr, error } = spawnSync('sshfs', options, { encoding: 'utf8', timeout: 20_000 })
  if (status !== 0) return `sshfs does not mount here: ${(error?.message ?? stderr).trim()}`
  return {
    at,
    cut: () => void process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL'),
    // One that was cut is gone already.
    free: () => void spawnSync('umount', ['-l', at]),
  }
}
