/** Decimals that give every one of `values` at least two significant digits, and three decimals below 1. */
export function decimalsFor(values: readonly number[]): number {
  const sizes = values.map(Math.abs).filter(value => value > 0 && Number.isFinite(value))
  if (sizes.length === 0) return 3
  const least = Math.min(...sizes)
  if (least >= 100) return 0
  if (least >= 10) return 1
  if (least >= 1) return 2
  return Math.min(6, Math.max(3, 1 - Math.floor(Math.log10(least))))
}

/** A number with fixed decimals; powers of ten for the very large, words for the non-finite. */
export function formatNumber(value: number, decimals: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Math.abs(value) >= 1e5) return value.toExponential(1)
  return value.toFixed(decimals)
}

/** A whole number with thousands separated by commas. */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',')
}

/** A tick label: at most six significant digits, thousands as `k`, ten thousandths and less as powers of ten, no trailing zeros. */
export function formatTick(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return Number(value.toPrecision(6)).toExponential()
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toPrecision(6))}M`
  if (Math.abs(value) >= 1000) return `${Number((value / 1000).toPrecision(6))}k`
  return `${Number(value.toPrecision(6))}`
}

/** A duration in the two largest units that matter. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `1 step`, `4 steps`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listing(names: readonly string[]): string {
  if (names.length < 2) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** Text made safe inside HTML and XML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, char => `&#${char.charCodeAt(0)};`)
}

/** Text made safe inside a Markdown table cell or sentence: no markup, no cell border, no line break. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|#~$]/g, '\\$&').replace(/\s*[\r\n]+\s*/g, ' ')
}

/** `text` cut to `width` characters, the last one an ellipsis where something was cut. */
export function truncate(text: string, width: number): string {
  const chars = [...text]
  if (chars.length <= width) return text
  return width <= 0 ? '' : `${chars.slice(0, width - 1).join('')}…`
}

/** A word as a shell reads it again. */
export function shellWord(text: string): string {
  return /^[\w./@:,=+-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`
}

/** Breaks at spaces; a word longer than a line is cut. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const joined = lines.length > 0 ? `${lines.at(-1)} ${word}` : word
    if (lines.length > 0 && [...joined].length <= columns) lines[lines.length - 1] = joined
    else lines.push(truncate(word, columns))
  }
  return lines
}

/** How many samples land on the data, in words; of as many as are needed to see one that strays. */
export function landing(strays: number): string {
  if (!Number.isFinite(strays)) return 'nothing is known of where samples land'
  if (strays <= 0) return 'all samples land on the data'
  const of = [100, 1000].find(count => strays * count >= 1) ?? 10_000
  const count = Math.floor(of * (1 - strays) + 1e-9)
  return `${formatCount(count)} of ${formatCount(of)} samples ${count === 1 ? 'lands' : 'land'} on the data`
}
