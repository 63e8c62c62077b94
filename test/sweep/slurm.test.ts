import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { planComparison, resolveComparison } from '../../src/evaluation/comparison.ts'
import { jobsOf } from '../../src/sweep/job.ts'
import { slurmFiles } from '../../src/sweep/slurm.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('slurm with blanks')
const at = (name: string) => join(folder, name)

const jobs = jobsOf(
  planComparison(
    resolveComparison({ objectives: ['psd', 'lmd', 'pfmm'], seeds: 2, training: { steps: 9 } }),
    'x',
  ),
)

function write(name: string, text: string): void {
  writeFileSync(at(name), text)
  chmodSync(at(name), 0o755)
}

/** Stands in for a cluster: runs each task of an array at once, and tells how it was asked. */
const SBATCH = `#!/bin/bash
n=$(($(cat "$STATE" 2> /dev/null || echo 0) + 1)); echo $n > "$STATE"
echo "$n $*" >> "$ASKED"
array=; args=()
for word in "$@"; do
  case "$word" in
    --array=*) array=\${word#--array=1-} ;;
    --*) ;;
    *) args+=("$word") ;;
  esac
done
if [ -n "$array" ]; then
  for i in $(seq "$array"); do SLURM_ARRAY_JOB_ID=$n SLURM_ARRAY_TASK_ID=$i bash "\${args[@]}" >> "$OUT" 2>&1; done
else
  bash "\${args[@]}" >> "$OUT" 2>&1
fi
echo "$n;cluster"
`

test('the scripts are whole, and submit each job once, after those that it learns from, and the gathering last', () => {
  const root = at("a root's runs")
  write('oxbow', '#!/bin/sh\necho "oxbow $*"\n')
  const files = slurmFiles({
    ...{ jobs, root, folder: at('scripts'), command: `'${at('oxbow')}'` },
    ...{ from: folder, gather: ['compare', '--title', "it's", '--gather'] },
  })
  mkdirSync(at('scripts'))
  for (const [name, text] of Object.entries(files)) {
    write(`scripts/${name}`, text)
    if (name.endsWith('.sh')) execFileSync('bash', ['-n', at(`scripts/${name}`)])
  }
  write('sbatch', SBATCH)
  const output = execFileSync('sh', [at('scripts/submit.sh')], {
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      OXBOW: 'oxbow',
      ...{ STATE: at('state'), ASKED: at('asked'), OUT: at('out') },
    },
  })
  expect(output).toBe('the report follows job 3; squeue shows what runs\n')
  const logs = (name: string) => `--output=${at(`scripts/logs/${name}.log`)}`
  const asked = readFileSync(at('asked'), 'utf8').trimEnd().split('\n')
  expect(asked).toEqual([
    `1 --parsable ${logs('%A_%a')} --array=1-4 ${at('scripts/task.sh')} 0`,
    `2 --parsable --dependency=afterany:1 ${logs('%A_%a')} --array=1-4 ${at('scripts/task.sh')} 4`,
    `3 --parsable --dependency=afterany:2 ${logs('gather-%j')} ${at('scripts/gather.sh')}`,
  ])
  const done = readFileSync(at('out'), 'utf8').trimEnd().split('\n')
  expect(done.at(-1)).toBe("oxbow compare --title it's --gather")
  const order = done.slice(0, -1).map(line => line.replace(`oxbow job ${root} `, ''))
  expect([...order].sort()).toEqual(jobs.map(job => job.id).sort())
  for (const { id, after } of jobs) if (after) expect(order.indexOf(after.id)).toBeLessThan(order.indexOf(id))
})

test('more jobs than an array takes are several arrays', () => {
  const many = Array.from({ length: 2300 }, (_, i) => ({ ...jobs[0], id: `${i}`.padStart(64, '0') }))
  const { 'submit.sh': submit } = slurmFiles({
    ...{ jobs: many, root: '/r', folder: '/f', command: 'oxbow', from: '/', gather: [] },
  })
  expect(submit.match(/--array=\S+ \S+ \d+/g)).toEqual([
    '--array=1-1000 /f/task.sh 0',
    '--array=1-1000 /f/task.sh 1000',
    '--array=1-300 /f/task.sh 2000',
  ])
  expect(submit).toContain('--dependency=afterany:$array_0_0:$array_0_1:$array_0_2 ')
})
