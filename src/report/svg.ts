import { parseHTML } from 'linkedom'
import { escapeHtml } from './format.ts'

/** What every plot can be told. */
export interface PlotOptions {
  /** Width in CSS pixels. */
  readonly width?: number
  /** Name of the plot for those who cannot see it; also drawn above a scatter and a grid. */
  readonly title?: string
  /**
   * True (the default) for a file of its own: white ground, dark ink. False for a page: transparent, and ink is
   * the page's `currentColor`.
   */
  readonly standalone?: boolean
}

/** Font of every plot. */
const plotFont = 'system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif'
/** Size of every plot's text in CSS pixels. */
export const textSize = 12.5

/** Widest that `text` is likely to be at `textSize`, in CSS pixels. */
export function textWidth(text: string): number {
  return 7.1 * [...text].length
}

/** Colours of the ground and the ink. */
function surface(standalone: boolean): { attributes: string; ground: string } {
  if (!standalone) return { attributes: '', ground: '' }
  return { attributes: ' color="#1b2126"', ground: '<rect width="100%" height="100%" fill="#fff"/>' }
}

/** A coordinate with one decimal, which is finer than the eye. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Wraps drawn markup as a whole SVG document of the given size, with its name and its ground. */
export function svgDocument(body: string, width: number, height: number, options: PlotOptions): string {
  const { title = '', standalone = true } = options
  const { attributes, ground } = surface(standalone)
  const name = title ? ` aria-label="${escapeHtml(title)}"` : ''
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
    ` role="img"${name}${attributes} fill="currentColor" font-family="${escapeHtml(plotFont)}"` +
    ` font-size="${textSize}" style="max-width:100%;height:auto">` +
    `${title ? `<title>${escapeHtml(title)}</title>` : ''}${ground}${body}</svg>`
  )
}

/** Between tiles, in CSS pixels. */
const TILE_GAP = 16

/**
 * Panels of one size beside each other in one SVG, its title above them.
 *
 * @param bodies  markup of each, in a box of `size`
 * @param options.columns  most in a row; default 3
 */
export function tiles(
  bodies: readonly string[],
  size: { readonly width: number; readonly height: number },
  options: PlotOptions & { readonly columns?: number },
): string {
  const { columns = 3, title = '' } = options
  const across = Math.max(1, Math.min(columns, bodies.length))
  const down = Math.ceil(bodies.length / across)
  const top = title ? 34 : 0
  const placed = bodies.map((body, k) => {
    const [x, y] = [(k % across) * (size.width + TILE_GAP), Math.floor(k / across) * (size.height + TILE_GAP)]
    return `<g transform="translate(${x},${top + y})">${body}</g>`
  })
  const heading = title && `<text x="2" y="20" font-size="15" font-weight="600">${escapeHtml(title)}</text>`
  return svgDocument(
    heading + placed.join(''),
    across * (size.width + TILE_GAP) - TILE_GAP,
    top + down * (size.height + TILE_GAP) - TILE_GAP,
    options,
  )
}

/** An empty document for Observable Plot to draw in. */
// biome-ignore lint/suspicious/noExplicitAny: the compiler's library has no DOM types
export function newDocument(): any {
  return parseHTML('<!doctype html><html><body></body></html>').document
}

/** Takes what Observable Plot drew out of its own element, which carries a style sheet, into ours. */
// biome-ignore lint/suspicious/noExplicitAny: the compiler's library has no DOM types
export function finishPlot(plot: any, options: PlotOptions): string {
  plot.querySelector('style')?.remove()
  const [width, height] = ['width', 'height'].map(side => Number(plot.getAttribute(side)))
  const body = `<g text-anchor="middle" style="white-space:pre">${plot.innerHTML}</g>`
  return svgDocument(body, width, height, options)
}

/** Makes an SVG element inside the document that Plot draws in. */
export function element(
  // biome-ignore lint/suspicious/noExplicitAny: the compiler's library has no DOM types
  document: any,
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  text?: string,
  // biome-ignore lint/suspicious/noExplicitAny: the compiler's library has no DOM types
): any {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  if (text !== undefined) made.textContent = text
  return made
}

/**
 * Renders an SVG on white.
 *
 * @param options.scale  pixels per CSS pixel, positive; default 2
 * @returns the bytes of a PNG file
 * @throws Error when `svg` is not well-formed
 */
export async function svgToPng(svg: string, options: { readonly scale?: number } = {}): Promise<Uint8Array> {
  const { scale = 2 } = options
  const { default: sharp } = await import('sharp')
  const rendered = sharp(Buffer.from(svg), { density: 72 * scale }).flatten({ background: '#ffffff' })
  return new Uint8Array(await rendered.png({ compressionLevel: 9 }).toBuffer())
}
