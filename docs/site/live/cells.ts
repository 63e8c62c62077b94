import { drawNoise } from '../../../src/sampler/sampler.ts'
import { load, sample as sampleModel, uniformGrid } from '../../../src/web.ts'
import * as lab from './lab.ts'
import { clouds, pictures, table } from './picture.ts'
import { runCell } from './run-cell.ts'

/** Makes every live cell of the page one that can be changed and run. */

const scope: Record<string, unknown> = {
  ...lab,
  load,
  sampleModel,
  drawNoise,
  uniformGrid,
  digits: new URL('digits.safetensors', import.meta.url).href,
}

interface Cell {
  readonly run: () => Promise<void>
  isDone: boolean
}
const cells: Cell[] = []

function cellOf(element: HTMLElement): Cell {
  const code = element.querySelector('textarea')!
  const button = element.querySelector('button')!
  const output = element.querySelector('output')!
  const status = element.querySelector<HTMLElement>('.status')!
  code.rows = code.value.split('\n').length
  const cell: Cell = {
    isDone: false,
    async run() {
      output.replaceChildren()
      button.disabled = true
      status.textContent = 'running'
      const began = performance.now()
      try {
        await runCell(
          code.value,
          Object.assign(scope, {
            show: (named: Parameters<typeof clouds>[0]) => output.append(clouds(named)),
            table: (rows: Parameters<typeof table>[0]) => output.append(table(rows)),
            pictures: (...given: Parameters<typeof pictures>) => output.append(pictures(...given)),
            print: (...given: unknown[]) =>
              output.append(Object.assign(document.createElement('p'), { textContent: given.join(' ') })),
            say: (text: string) => {
              status.textContent = text
            },
          }),
        )
        status.textContent = `${((performance.now() - began) / 1000).toFixed(1)} s`
        cell.isDone = true
      } catch (error) {
        const { name, message } = error as Error
        status.textContent = ''
        output.append(
          Object.assign(document.createElement('p'), {
            className: 'problem',
            textContent: `${name}: ${message}`,
          }),
        )
      } finally {
        button.disabled = false
      }
    },
  }
  button.addEventListener('click', async () => {
    // What a cell uses is declared by those above it.
    for (const above of cells.slice(0, cells.indexOf(cell))) if (!above.isDone) await above.run()
    await cell.run()
  })
  code.addEventListener('input', () => {
    code.rows = code.value.split('\n').length
  })
  code.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) button.click()
  })
  return cell
}

for (const element of document.querySelectorAll<HTMLElement>('.live')) {
  element.querySelector('button')!.disabled = false
  cells.push(cellOf(element))
}
