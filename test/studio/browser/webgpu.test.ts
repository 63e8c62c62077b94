import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { examplePlan, type Plan } from '../../../src/studio/plan.ts'
import { long } from '../../helpers/long.ts'
import { openMore, standing, useStudio } from './page.ts'

const studio = useStudio({ flags: ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'] })

const STEPS = 3
const plan: Plan = {
  ...examplePlan,
  batch: 64,
  stages: [
    { ...examplePlan.stages[0], learningRate: 0.01, steps: STEPS, recipe: { name: 'one-step', steps: 60 } },
  ],
}

/** The distance of the samples after the plan's steps. */
async function distanceOf(page: Page): Promise<number> {
  // Of the raw weights, which the steps have moved.
  const distance = (): Promise<number> => standing(page, 'Distance')
  await expect.poll(distance, { timeout: 60_000 }).toBeGreaterThan(0.4)
  await expect.poll(() => standing(page, 'Steps'), { timeout: 60_000 }).toBe(STEPS)
  return distance()
}

long(
  'WebGPU, where it is chosen, trains to the numbers of WebAssembly',
  async () => {
    const { page } = await studio.open({ state: { runs: [plan], weights: 'raw' } })
    await page.locator('.status', { hasText: 'WebAssembly' }).waitFor()
    const expected = await distanceOf(page)
    await openMore(page)
    await page.getByText('Network, batch, path, seed').click()
    await page.getByRole('combobox', { name: 'Runtime in this page' }).selectOption('webgpu')
    await page.locator('.status', { hasText: 'WebGPU' }).waitFor()
    const found = await distanceOf(page)
    console.log(`after ${STEPS} steps: WebAssembly ${expected}, WebGPU ${found}`)
    expect(Math.abs(found - expected)).toBeLessThan(0.01)
  },
  150_000,
)
