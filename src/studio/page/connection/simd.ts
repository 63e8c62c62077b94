/**
 * A module with one function that makes a vector of 128 bits, `v128.const` and `i8x16.popcnt`: only a browser that has
 * WebAssembly SIMD takes it. https://github.com/WebAssembly/simd/blob/main/proposals/simd/BinarySIMD.md
 */
const MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0], // the magic number and the version
  ...[1, 5, 1, 96, 0, 1, 123], // types: one function without arguments, of a vector
  ...[3, 2, 1, 0], // functions: one, of that type
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11], // code: i32.const 0, i8x16.splat, i8x16.popcnt
)

export const SIMD_MISSING =
  'This browser has no WebAssembly SIMD, which training in the page needs: Chrome and Edge support it since version 91, Firefox since 89, Safari since 16.4. The pretrained example works without it.'

interface Validates {
  readonly WebAssembly?: { validate(module: Uint8Array): boolean }
}

/** Whether the browser can run the runtime. */
export const hasSimd = (): boolean => (globalThis as Validates).WebAssembly?.validate(MODULE) ?? false
