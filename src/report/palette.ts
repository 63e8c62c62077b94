/** How one method is drawn everywhere in a report. */
export interface SeriesStyle {
  /** Colour on white; a report swaps it for `dark` on a dark page. */
  readonly colour: string
  readonly dark: string
  /** SVG path of the marker, centred on the origin, about 9 units across. */
  readonly marker: string
}

/** Pairs of colours, told apart without red-green vision too; at least 3:1 on white and on the dark page. */
export const palette: readonly { readonly colour: string; readonly dark: string }[] = [
  { colour: '#0072b2', dark: '#4aa8e8' },
  { colour: '#d55e00', dark: '#ff8c3a' },
  { colour: '#2e8872', dark: '#16cba0' },
  { colour: '#c749ef', dark: '#cc5aa1' },
  { colour: '#805010', dark: '#f9ca58' },
  { colour: '#542fac', dark: '#757afa' },
  { colour: '#444b68', dark: '#add7ec' },
  { colour: '#78212f', dark: '#dc6e5a' },
]

/** Points that are off the data, drawn above all others; told from every colour of the palette by its shade too. */
export const stray = { colour: '#e3001b', dark: '#ff5c6c' } as const

/** Marker shapes; their number shares no factor with that of the colours. */
const markers = [
  'M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0-8.4 0z',
  'M-3.8-3.8h7.6v7.6h-7.6z',
  'M0-5l4.9 8.4h-9.8z',
  'M0-5.4l4.6 5.4l-4.6 5.4l-4.6-5.4z',
  'M-1.6-5h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z',
  'M0 5l4.9-8.4h-9.8z',
  'M0-5.6l1.5 3.5l3.8.3l-2.9 2.5l.9 3.7l-3.3-2l-3.3 2l.9-3.7l-2.9-2.5l3.8-.3z',
]

/** The style of the `index`-th method; 56 differ. */
export function seriesStyle(index: number): SeriesStyle {
  return { ...palette[index % palette.length], marker: markers[index % markers.length] }
}
