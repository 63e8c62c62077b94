import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Processes with their parents: by `/proc` where there is one, as slim systems have no `ps`. */
function parents(): (readonly [pid: number, parent: number])[] {
  if (!existsSync('/proc/self/stat')) {
    const listed = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    return listed
      .trim()
      .split('\n')
      .map(line => line.trim().split(/\s+/).map(Number) as [number, number])
  }
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      try {
        // The name of the program, in brackets, may hold anything.
        const [, parent] = /\) \S (\d+)/.exec(
          readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\)/s, ')'),
        )!
        return [[Number(name), Number(parent)] as const]
      } catch {
        // It ended meanwhile.
        return []
      }
    })
}

export const childrenOf = (pid: number): number[] =>
  parents().flatMap(([child, parent]) => (parent === pid ? [child] : []))
