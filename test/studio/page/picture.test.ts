import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pictureSvg } from '../../../src/studio/page/take-home/picture.ts'

const picture = (at: number) =>
  pictureSvg({
    title: 'psd on <my data> & "more"',
    caption: 'one jump',
    samples: Float32Array.of(0, 0, 1, 1),
    at,
    target: Float32Array.of(-1, 0),
  })

test('a picture has the colour of its run, as the page has it on white', () => {
  const style = readFileSync('src/studio/page/styles/base.css', 'utf8')
  for (let at = 0; at < 4; at++) {
    const [, light] = new RegExp(`--run-${at}: light-dark\\((#[0-9a-f]{6})`).exec(style)!
    const clouds = [...picture(at).matchAll(/<path [^>]*stroke="(#[0-9a-f]{6})"/g)].map(
      ([, colour]) => colour,
    )
    expect(clouds.at(-1)).toBe(light)
    expect(clouds).toHaveLength(2)
  }
})

test('a title is text, whatever it is of', () => {
  expect(picture(0)).toContain('>psd on &lt;my data&gt; &amp; &quot;more&quot;<')
})
