/** What is used of `gifenc`, which comes without types. */
declare module 'gifenc' {
  export type Palette = number[][]

  export interface Encoder {
    /** @param options.delay  milliseconds that the frame stays */
    writeFrame(
      pixels: Uint8Array,
      width: number,
      height: number,
      options: { palette?: Palette; delay: number },
    ): void
    finish(): void
    bytes(): Uint8Array
  }

  export function GIFEncoder(): Encoder
  /** @param pixels  red, green, blue and opacity, one after the other */
  export function quantize(pixels: Uint8ClampedArray, most: number): Palette
  export function applyPalette(pixels: Uint8ClampedArray, palette: Palette): Uint8Array
}
