import { describe, expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { classSheet } from '../../src/report/class-sheet.ts'
import { sheetLegend } from '../../src/report/sample-grid.ts'

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `class ${i}`)
const line = (values: Float32Array, size: number, i: number) => [...values.subarray(i * size, (i + 1) * size)]

describe('a sheet by class', () => {
  test('has a row for each class, of at most ten', () => {
    const ten = classSheet(names(10))
    expect([ten.side, ten.classes.length]).toEqual([10, 100])
    expect([...ten.classes.subarray(28, 32)]).toEqual([2, 2, 3, 3])
    expect(classSheet(names(25)).names).toEqual(names(10))
    expect(classSheet(names(25)).classes.at(-1)).toBe(9)
    // Of few classes, several rows, as many of each.
    expect([...classSheet(names(2)).classes].filter((_, i) => i % 4 === 0)).toEqual([0, 0, 1, 1])
    expect([1, 2, 3, 4, 5, 6].map(count => classSheet(names(count)).side)).toEqual([4, 4, 6, 4, 5, 6])
  })

  test('begins every row of a column from one noise, and rows of one class from others', () => {
    const ten = classSheet(names(10)).noise(3, 4)
    for (const row of [1, 9]) expect(line(ten, 30, row)).toEqual(line(ten, 30, 0))
    expect(line(ten, 3, 0)).not.toEqual(line(ten, 3, 1))
    const two = classSheet(names(2)).noise(3, 4)
    expect(line(two, 12, 1)).not.toEqual(line(two, 12, 0))
    expect(line(two, 12, 2)).toEqual(line(two, 12, 0))
    expect(line(two, 12, 3)).toEqual(line(two, 12, 1))
    // It is the noise of the seed, whatever the map.
    expect(classSheet(names(10)).noise(3, 4)).toEqual(ten)
    expect(classSheet(names(10)).noise(3, 5)).not.toEqual(ten)
  })

  test('is explained as it is', () => {
    const of = (sheetClasses: string[]) => sheetLegend({ referencePicture: 'x', sheetClasses })
    expect(of(names(4))).toContain('class 3. A column begins from the same noise in every row, at every')
    expect(of(names(3))).toContain(
      'class 2, 2 rows of each. Every class begins from the same noise, at every',
    )
  })

  test('shows real pictures of each class, all different', () => {
    const glyphs = generatedDataset('glyphs')
    const found: Float32Array[] = []
    const watched = {
      ...glyphs,
      sample: (...[random, out, classes]: Parameters<typeof glyphs.sample>) => {
        glyphs.sample(random, out, classes)
        // Each picture tells its class.
        for (let i = 0; i < classes!.length; i++) out[i * 256] = classes![i]
        found.push(out as Float32Array)
      },
    }
    const real = classSheet(glyphs.labels!.names).real(watched, 1)
    const lines = Array.from({ length: 100 }, (_, i) => line(real, 256, i))
    expect(lines.map(([first]) => first)).toEqual(Array.from({ length: 100 }, (_, i) => Math.floor(i / 10)))
    expect(new Set(lines.map(String)).size).toBe(100)
  })

  test('leaves a picture black where there is none', () => {
    const glyphs = generatedDataset('glyphs')
    const rare = {
      ...glyphs,
      sample: (...[, out, classes]: Parameters<typeof glyphs.sample>) => {
        out.fill(9)
        classes!.fill(3)
      },
    }
    const real = classSheet(names(10)).real(rare, 1)
    expect(real[0]).toBe(0)
    expect(real[30 * 256]).toBe(9)
  })
})
