import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { planComparison, resolveComparison } from '../../src/evaluation/comparison.ts'
import { canonicalJson, jobId } from '../../src/evaluation/identity.ts'
import { checkId, from, jobsOf, localRun } from '../../src/sweep/job.ts'

const comparison = (changes: object = {}) =>
  resolveComparison({
    objectives: [
      'psd',
      'lmd',
      'pfmm',
      { id: 'psd', label: 'psd wide', training: { network: { hidden: 64 } } },
    ],
    seeds: 2,
    training: { steps: 60, batch: 32, network: { hidden: 16 } },
    teacherTraining: { steps: 30 },
    ...changes,
  })
const plan = planComparison(comparison(), 'runs/x')
const jobs = jobsOf(plan)

describe('canonical JSON', () => {
  test('does not depend on the order of keys, and leaves out what is undefined', () => {
    expect(canonicalJson({ b: 1, a: { d: [1, { y: null, x: 'é' }], c: undefined } })).toBe(
      '{"a":{"d":[1,{"x":"é","y":null}]},"b":1}',
    )
    expect(canonicalJson(JSON.parse('{"b":[],"a":-0.5e-7}'))).toBe(canonicalJson({ a: -5e-8, b: [] }))
  })
})

describe('the jobs of a comparison', () => {
  test('lie in the folders that earlier versions gave them', () => {
    // As they were named before jobs had ids.
    expect(jobs.map(job => job.folder)).toEqual([
      'teacher-seed0-8f9d19a8',
      'psd-seed0-0fb62a93',
      'lmd-seed0-b4fb0026',
      'pfmm-seed0-ac40564a',
      'psd-wide-seed0-0ad0ba45',
      'teacher-seed1-aab17e72',
      'psd-seed1-66eeaca1',
      'lmd-seed1-e1aea7c0',
      'pfmm-seed1-f87dcc05',
      'psd-wide-seed1-bcca31ff',
    ])
  })

  test('wait for the run that they learn from', () => {
    const after = Object.fromEntries(jobs.map(job => [job.name, job.after?.folder]))
    expect(after).toMatchObject({
      'lmd seed 0': 'teacher-seed0-8f9d19a8',
      'pfmm seed 1': 'psd-seed1-66eeaca1',
      'psd seed 0': undefined,
    })
    for (const { after } of jobs.filter(job => job.after))
      expect(jobs.find(({ id }) => id === after!.id)!.folder).toBe(after!.folder)
  })

  test('have one id each, whatever the directory of the comparison and the logs', () => {
    expect(new Set(jobs.map(job => job.id)).size).toBe(jobs.length)
    const elsewhere = jobsOf(planComparison(comparison(), '/somewhere/else'))
    expect(elsewhere).toEqual(jobs)
    const logged = comparison({
      training: { steps: 60, batch: 32, network: { hidden: 16 }, log: { tensorboard: true } },
    })
    expect(jobsOf(planComparison(logged, 'runs/x')).map(job => job.id)).toEqual(jobs.map(job => job.id))
  })

  test('change their id with their configuration, and with that of the run that they learn from', () => {
    const other = jobsOf(planComparison(comparison({ teacherTraining: { steps: 31 } }), 'runs/x'))
    const changed = jobs.filter(({ id }) => !other.some(job => job.id === id)).map(job => job.name)
    expect(changed).toEqual(['teacher seed 0', 'lmd seed 0', 'teacher seed 1', 'lmd seed 1'])
  })

  test('survive JSON, and give the configuration of the plan back on this machine', () => {
    const read = JSON.parse(JSON.stringify(jobs)) as typeof jobs
    read.forEach((job, i) => {
      expect(() => checkId(job)).not.toThrow()
      expect(jobId(job.config)).toBe(job.id)
      const { directory, config } = localRun(job, 'runs/x', from('.'))
      const planned = plan.runs[i]
      expect(directory).toBe(join(process.cwd(), planned.directory))
      const teacher =
        planned.after === undefined ? planned.config.teacher : join(process.cwd(), planned.after)
      expect(config).toEqual({ ...planned.config, teacher })
    })
  })

  test('are refused when their configuration was changed', () => {
    const [job] = jobs
    expect(() => checkId({ ...job, config: { ...job.config, steps: 61 } })).toThrow(
      'teacher seed 0: the id is not the hash of the configuration',
    )
  })
})
