import { shellWord } from '../report/format.ts'
import type { Job } from './job.ts'

interface Scripts {
  /** Those that others wait for before them. */
  readonly jobs: readonly Job[]
  /** Whole paths: of the comparison, and of the scripts. */
  readonly root: string
  readonly folder: string
  /** How a node starts `oxbow`. */
  readonly command: string
  /** The folder that the comparison was planned in, and the arguments that gather it there. */
  readonly from: string
  readonly gather: readonly string[]
}

/** What submits them all. */
export const SUBMIT = 'submit.sh'

/** Tasks of an array: a cluster takes 1,001 by default, numbered from 0. */
const LARGEST = 1000

/** Jobs in the order of how many others must be done before them. */
function byDepth(jobs: readonly Job[]): Job[][] {
  const depths = new Map<string, number>()
  const levels: Job[][] = []
  for (const job of jobs) {
    const depth = job.after ? (depths.get(job.after.id) ?? -1) + 1 : 0
    depths.set(job.id, depth)
    levels[depth] = [...(levels[depth] ?? []), job]
  }
  return levels
}

const script = (lines: readonly string[]): string => `${lines.join('\n')}\n`

/** Fills `oxbow` with the command's words: those of the environment, or this program's. */
const commandLine = (command: string): string => `oxbow=($\{OXBOW:-${command}})`

/**
 * Reads its line of the table and becomes the job. A job that runs out of its time gets a signal before, saves and is put back;
 * one whose node fails is put back by Slurm. Both go on from the checkpoint. One that is cancelled saves and ends.
 */
const taskScript = ({ root, folder, command }: Scripts): string =>
  script([
    '#!/bin/bash',
    '#SBATCH --job-name=oxbow',
    '#SBATCH --ntasks=1',
    '#SBATCH --requeue',
    '#SBATCH --open-mode=append',
    '#SBATCH --signal=B:USR1@120',
    '# Add what your cluster needs: --partition, --account, --time, --cpus-per-task, --mem.',
    commandLine(command),
    'task=$(($1 + SLURM_ARRAY_TASK_ID))',
    `id=$(sed -n "$\{task}p" ${shellWord(`${folder}/tasks.txt`)} | cut -f 1)`,
    'if [ -z "$id" ]; then echo "no task $task in the table" >&2; exit 2; fi',
    '# The time is nearly over.',
    "trap 'late=1; told=1; kill -TERM $child 2> /dev/null' USR1",
    '# Slurm sends this to all processes of a job that it ends; the shell waits until they have saved.',
    "trap 'ended=1; told=1' TERM",
    `"$\{oxbow[@]}" job ${shellWord(root)} "$id" &`,
    'child=$!',
    '# A signal ends a wait.',
    'told=1; while [ -n "$told" ]; do told=; wait $child; code=$?; done',
    'if [ -n "$late" ] && [ -z "$ended" ] && [ "$code" -eq 143 ]; then',
    '  scontrol requeue "$SLURM_ARRAY_JOB_ID"_"$SLURM_ARRAY_TASK_ID"',
    'fi',
    'exit $code',
  ])

const gatherScript = ({ command, from, gather }: Scripts): string =>
  script([
    '#!/bin/bash',
    '#SBATCH --job-name=oxbow-gather',
    '#SBATCH --ntasks=1',
    commandLine(command),
    `cd ${shellWord(from)} || exit 1`,
    `exec "$\{oxbow[@]}" ${gather.map(shellWord).join(' ')}`,
  ])

/** An option for a log: Slurm replaces what begins with a percent sign, so those of the folder are doubled. */
const outputOption = (folder: string, name: string): string =>
  `--output=${shellWord(`${folder.replaceAll('%', '%%')}/logs/`)}${name}`

/** An array for each level of waiting, each after the one before, and the gathering after all of them. */
function submitScript({ folder }: Scripts, levels: readonly (readonly Job[])[]): string {
  const lines = [
    '#!/bin/sh',
    '# Submits what was missing when this was written. To submit what is missing now, write it again.',
  ]
  lines.push(
    'set -e',
    '# The number of the job; what follows a semicolon is the cluster.',
    `submit() { answer=$(sbatch --parsable "$@") && echo "$\{answer%%;*}"; }`,
    `mkdir -p ${shellWord(`${folder}/logs`)}`,
  )
  let [offset, before] = [0, '']
  levels.forEach((level, depth) => {
    const ids: string[] = []
    for (let from = 0; from < level.length; from += LARGEST) {
      const tasks = Math.min(LARGEST, level.length - from)
      const name = `array_${depth}_${ids.length}`
      const after = before && `--dependency=afterany:${before} `
      const output = outputOption(folder, '%A_%a.log')
      lines.push(
        `${name}=$(submit ${after}${output} --array=1-${tasks} ${shellWord(`${folder}/task.sh`)} ${offset})`,
      )
      ids.push(`$${name}`)
      offset += tasks
    }
    before = ids.join(':')
  })
  const after = before && `--dependency=afterany:${before} `
  lines.push(
    `gather=$(submit ${after}${outputOption(folder, 'gather-%j.log')} ${shellWord(`${folder}/gather.sh`)})`,
  )
  lines.push('echo "the report follows job $gather; squeue shows what runs"')
  return script(lines)
}

/** The files of a comparison for Slurm, by their names: a table of tasks, the script of one, that of the gathering, and what submits them. */
export function slurmFiles(scripts: Scripts): Readonly<Record<string, string>> {
  const levels = byDepth(scripts.jobs)
  const rows = levels.flat().map(({ id, name }) => `${id}\t${name}`)
  return {
    'tasks.txt': rows.map(row => `${row}\n`).join(''),
    'task.sh': taskScript(scripts),
    'gather.sh': gatherScript(scripts),
    [SUBMIT]: submitScript(scripts, levels),
  }
}
