import { escaped } from '../draw/escaped.ts'
import type { GraphData } from './graph.ts'

/** What a page that is one file holds of a map, as JSON. Points and parameters have 16 bits a number, in base64url. */
export interface KeptMap {
  readonly version: 1
  readonly title: string
  /** Of the run, which has a colour of its own. */
  readonly at: number
  readonly noise: string
  /** Points of the data; empty where they are not known. */
  readonly target: string
  /** Where one jump takes the noise: what is seen before anything is computed. */
  readonly samples: string
  /** Of each of `WAYS`: the share of points off the data, and which; null where the data are not known. */
  readonly strays: readonly ({ readonly value: number; readonly at: readonly number[] } | null)[]
  /** The share of data themselves. */
  readonly floor: number | null
  readonly parameters: string
  /** Take `parameters`, points, two times, and the class where one is told. */
  readonly jump: GraphData
  readonly velocity: GraphData
  readonly class: number | null
  /** The studio with the run in it; null where it was not on the web. */
  readonly link: string | null
}

/** The element of the page that holds it. */
export const KEPT = 'kept'

/** Nothing in a script element may look like its end, or like the beginning of a comment. */
const jsonInPage = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c')
const scriptInPage = (code: string): string =>
  code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')

/**
 * A page of one file that shows a map, wherever it is opened.
 *
 * @param viewer  the script of `viewer.ts`, in one piece
 */
export const pageOf = (kept: KeptMap, viewer: string): string =>
  [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(kept.title)} | Oxbow</title>`,
    `<meta property="og:title" content="${escaped(kept.title)}">`,
    '<meta property="og:description" content="A flow map: noise on the left, data on the right, and jumps between.">',
    '</head>',
    '<body>',
    '<noscript><p>This animation needs JavaScript.</p></noscript>',
    `<script type="application/json" id="${KEPT}">${jsonInPage(kept)}</script>`,
    `<script>${scriptInPage(viewer)}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
