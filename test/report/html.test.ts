import { parseHTML } from 'linkedom'
import { describe, expect, it } from 'vitest'
import { comparisonReport } from '../../src/report/html.ts'
import { example } from './example.ts'

const data = example()
const html = comparisonReport(data)
const { document } = parseHTML(html)
const all = (selector: string) => [...document.querySelectorAll(selector)]

describe('comparisonReport', () => {
  it('closes every element it opens', () => {
    const body = html.replace(/<script>[\s\S]*?<\/script>|<style>[\s\S]*?<\/style>|<!doctype html>/g, '')
    const open: string[] = []
    for (const [, slash, name, selfClosed] of body.matchAll(/<(\/?)([a-zA-Z][\w-]*)[^>]*?(\/?)>/g)) {
      if (selfClosed || name === 'meta') continue
      if (slash) expect(open.pop()).toBe(name)
      else open.push(name)
    }
    expect(open).toEqual([])
  })

  it('escapes what users wrote', () => {
    expect(all('script')).toHaveLength(1)
    expect(all('img')).toHaveLength(0)
    expect(document.querySelector('h1')!.textContent).toBe(data.title)
    expect(document.querySelector('title')!.textContent).toBe(data.title)
    expect(document.querySelector('pre.command')!.textContent).toBe(data.command)
    expect(document.querySelector('details pre')!.textContent).toBe(data.config)
    expect(html).not.toContain('<script>alert')
  })

  it('asks for nothing outside itself', () => {
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|\/\/[a-z]+\.|@import|url\(/,
    )
    expect(all('link, iframe, [src], [href]')).toHaveLength(0)
    expect(html).toContain("default-src 'none'")
  })

  it('makes the best bold, flags the floor and gives spread and floor', () => {
    const best = all('table.sortable .best')
    expect(best.map(cell => cell.textContent)).toEqual(['0.280', '0.240', '0.200', '0.260'])
    expect(all('table.sortable abbr')).toHaveLength(1)
    expect(all('table.sortable abbr')[0].closest('td')!.textContent).toBe('0.200*≈ ± 0.010')
    expect(document.querySelector('tr.floor')!.textContent).toBe('noise floor0.150 (0.100 to 0.210)')
  })

  it('reads the numbers out', () => {
    const text = document.querySelector('.reading')!.textContent
    expect(text).toContain('At 1 step, semigroup is best (Sliced Wasserstein <i> 0.280 ± 0.010)')
    expect(text).toContain('ahead of lsd <img src=x> (0.370); the lead exceeds the spread')
    expect(text).toContain('No method reaches the noise floor of 0.150 (0.100 to 0.210) at 1 step')
  })

  it('shows curves, losses, the grid with the data, and how to make it again', () => {
    expect(all('h2').map(h => h.textContent)).toEqual([
      'Results',
      'Samples',
      'Quality against steps',
      'Training',
      'Make it again',
    ])
    expect(all('.grid td svg')).toHaveLength(13)
    expect(all('figure').every(figure => figure.querySelector('figcaption'))).toBe(true)
    expect(all('svg').every(svg => svg.getAttribute('aria-label') || svg.getAttribute('aria-hidden'))).toBe(
      true,
    )
    expect(all('table').every(table => table.querySelector('caption') || table.closest('figure'))).toBe(true)
    expect(html).toContain('sha256:abc&#60;def&#62;')
  })

  it('sets no text below 12 pixels', () => {
    const sizes = [...html.matchAll(/font(?:-size)?[:=]"?(?:[^;"}]*?[ ("])?([\d.]+)px/g)].map(match =>
      Number(match[1]),
    )
    expect(sizes.length).toBeGreaterThan(5)
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12)
  })

  it('stays under a megabyte with 7 methods of 4 clouds of 5,000 points', () => {
    const big = example(5000)
    const methods = [...big.methods, ...big.methods, big.methods[0]]
    expect(Buffer.byteLength(comparisonReport({ ...big, methods }))).toBeLessThan(1e6)
  })

  it('draws points of one and of many dimensions, and leaves out what is missing', () => {
    for (const dimension of [1, 3]) {
      const text = comparisonReport({ ...data, dataset: { ...data.dataset, dimension } })
      expect(/\b(NaN|undefined)\b/.test(text)).toBe(false)
    }
    const bare = { ...data, metrics: [], methods: data.methods.map(m => ({ ...m, samples: [], loss: [] })) }
    const text = comparisonReport(bare)
    expect(text).toContain('Nothing has been measured yet.')
    expect(text).not.toContain('<h2>Samples')
  })

  it('sorts by a column where scripts run', () => {
    const page = parseHTML(html)
    // The script is the report's own; linkedom does not run scripts, so it is run here on the parsed page.
    new Function('document', page.document.querySelector('script')!.textContent)(shim(page.document))
    const names = () => [...page.document.querySelectorAll('.sortable tbody th')].map(th => th.textContent)
    const button = page.document.querySelectorAll('.sortable thead button')[1]
    button.onclick()
    expect(names()).toEqual(['semigroup', 'lsd <img src=x>', 'euler'])
    button.onclick()
    expect(names()).toEqual(['euler', 'lsd <img src=x>', 'semigroup'])
  })
})

/** Gives tables the row and cell collections that browsers have and the parser lacks. */
// biome-ignore lint/suspicious/noExplicitAny: the compiler's library has no DOM types
function shim(page: any): any {
  for (const table of page.querySelectorAll('table.sortable')) {
    for (const row of table.querySelectorAll('tr'))
      Object.defineProperty(row, 'cells', { value: row.children })
    const [head, body] = [table.querySelector('thead'), table.querySelector('tbody')]
    for (const part of [head, body]) Object.defineProperty(part, 'rows', { get: () => part.children })
    Object.defineProperty(table, 'tHead', { value: head })
    Object.defineProperty(table, 'tBodies', { value: [body] })
  }
  return page
}
