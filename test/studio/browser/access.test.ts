import { expect, test } from 'vitest'
import { useStudio } from './page.ts'

const studio = useStudio()

test('opens with a title and nothing in the console', async () => {
  const { page } = await studio.open()
  expect(await page.title()).toBe('Oxbow studio')
  await page.getByRole('heading', { level: 1, name: 'Oxbow studio' }).waitFor()
})
