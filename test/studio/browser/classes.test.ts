import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, expect } from 'vitest'
import { datasets } from '../../../src/data/built-in.ts'
import { paths } from '../../../src/serialization/run.ts'
import { decodeState } from '../../../src/studio/state.ts'
import { train } from '../../../src/training/train.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { long } from '../../helpers/long.ts'
import { tiny } from '../../helpers/training.ts'
import { openMore, openView, standing, useStudio } from './page.ts'

const studio = useStudio()
const run = join(temporaryFolder('classes-in-page'), 'run')

beforeAll(async () => {
  await train({ ...tiny, objective: 'psd', steps: 300, condition: { kind: 'class' } }, { directory: run })
})

const { components } = datasets.ring.create().mixture!
const chooser = (page: Page) => page.getByRole('combobox', { name: 'Class', exact: true })
const addressed = (page: Page) => decodeState(new URL(page.url()).hash.slice(1))
const patiently = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 60_000, interval: 100 })

const numbers = async (page: Page, name: string): Promise<number[]> => {
  const value = await page.locator(`[data-number="${name}"] data`).getAttribute('value')
  return value!.split(' ').map(Number)
}

/** How far a point is from the mode of a class, in standard deviations. */
const off = ([x, y]: number[], index: number): number => {
  const { mean, scales } = components[index]
  return Math.hypot(x - mean[0], y - mean[1]) / scales[0]
}

long(
  'a map that was trained with classes shows the one that is chosen, in every view',
  {
    timeout: 240_000,
  },
  async () => {
    const { page } = await studio.open({ state: { jump: { s: 1, t: 0, point: 12 } }, width: 1400 })
    await page.locator('.bar .status', { hasText: 'Engine: ' }).waitFor()
    expect(await chooser(page).count()).toBe(0)
    await page.getByRole('button', { name: 'Open', exact: true }).click()
    const buffer = readFileSync(paths(run).model)
    await page
      .locator('dialog input[type=file]')
      .setInputFiles({ name: 'told.safetensors', mimeType: 'application/octet-stream', buffer })
    await openMore(page)
    await chooser(page).waitFor()
    expect(await chooser(page).locator('option').allTextContents()).toEqual([
      'no class',
      ...components.map((_, i) => String(i)),
    ])
    const distance = () => standing(page, 'Distance')
    await patiently(distance).toBeGreaterThan(0)
    const whole = await distance()
    await chooser(page).selectOption('2')
    await patiently(async () => Math.abs((await distance()) - whole)).toBeGreaterThan(0)
    await patiently(async () => addressed(page).class).toBe(2)

    await openView(page, 'jump')
    await patiently(async () => off(await numbers(page, 'path'), 2)).toBeLessThan(5)
    const jumped = await numbers(page, 'jump')
    await chooser(page).selectOption('6')
    await patiently(async () => off(await numbers(page, 'path'), 6)).toBeLessThan(5)
    await patiently(() => numbers(page, 'jump')).not.toEqual(jumped)

    await openView(page, 'steps')
    expect(await chooser(page).inputValue()).toBe('6')
    await page.locator('figure.jump[data-steps="1"]').waitFor()
    await chooser(page).selectOption('')
    await patiently(async () => addressed(page).class).toBeUndefined()
    expect(await page.getByRole('alert').count()).toBe(0)
  },
)

long('a training is begun with the classes of its data', { timeout: 120_000 }, async () => {
  const { page } = await studio.open({ width: 1400 })
  await openMore(page)
  await page.getByText('Network, batch, path, seed').click()
  await page.getByLabel('Train with the 8 classes of the data').check()
  await chooser(page).waitFor()
  await page.getByRole('button', { name: '100 steps', exact: true }).click()
  await patiently(() => page.locator('.strip .run').last().textContent()).toMatch(/100 (of|steps)/)
  await patiently(async () => addressed(page).runs[1].condition).toBe('class')
  // Data without classes are trained without them.
  await page.getByLabel('Swiss roll').check()
  await page.getByText('This target has no classes').waitFor()
  await chooser(page).waitFor({ state: 'detached' })
  expect(await page.getByRole('alert').count()).toBe(0)
})
