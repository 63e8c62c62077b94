// Vectors of floats of the width that the compiler is told, and functions of them. One source for all instruction sets.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include "program.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#define WIDTH 16
#elif defined(__AVX2__)
#include <immintrin.h>
#define WIDTH 8
#else
#define WIDTH 4
#if defined(__wasm__)
#include <wasm_simd128.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif
#endif

#define INLINE inline __attribute__((always_inline))
/** What takes long by itself: one large function of all of them is compiled worse by engines of WebAssembly. */
#define NOINLINE __attribute__((noinline))

namespace NAMESPACE {

typedef float V __attribute__((vector_size(4 * WIDTH)));
typedef int32_t I __attribute__((vector_size(4 * WIDTH)));
typedef float Unaligned __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));

static INLINE V load(const float *from) { return *(const Unaligned *)from; }
static INLINE void store(float *to, V x) { *(Unaligned *)to = x; }
static INLINE V all(float x) { return x - V{}; }
// The first n lanes; others are 0, and are not stored.
static INLINE V loadUpTo(const float *from, Index n) {
#if defined(__AVX512F__)
  return (V)_mm512_maskz_loadu_ps((1u << n) - 1, from);
#else
  V x = V{};
  for (Index j = 0; j < n; j++) x[j] = from[j];
  return x;
#endif
}
static INLINE void storeUpTo(float *to, V x, Index n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, (1u << n) - 1, (__m512)x);
#else
  for (Index j = 0; j < n; j++) to[j] = x[j];
#endif
}
static INLINE I asInts(V x) { return (I)x; }
static INLINE V asFloats(I x) { return (V)x; }
static INLINE V pick(I mask, V a, V b) { return asFloats((asInts(a) & mask) | (asInts(b) & ~mask)); }
// The second where one of them is not a number.
#if defined(__AVX512F__)
static INLINE V larger(V a, V b) { return (V)_mm512_max_ps((__m512)a, (__m512)b); }
static INLINE V smaller(V a, V b) { return (V)_mm512_min_ps((__m512)a, (__m512)b); }
#elif defined(__AVX2__)
static INLINE V larger(V a, V b) { return (V)_mm256_max_ps((__m256)a, (__m256)b); }
static INLINE V smaller(V a, V b) { return (V)_mm256_min_ps((__m256)a, (__m256)b); }
#else
static INLINE V larger(V a, V b) { return pick(a > b, a, b); }
static INLINE V smaller(V a, V b) { return pick(a < b, a, b); }
#endif
static INLINE I toInts(V x) { return __builtin_convertvector(x, I); }
static INLINE V toFloats(I x) { return __builtin_convertvector(x, V); }

static INLINE V root(V x) {
#if defined(__AVX512F__)
  return (V)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
  return (V)_mm256_sqrt_ps((__m256)x);
#elif defined(__wasm__)
  return (V)wasm_f32x4_sqrt((v128_t)x);
#elif defined(__aarch64__)
  return (V)vsqrtq_f32((float32x4_t)x);
#else
  V y;
  for (int i = 0; i < WIDTH; i++) y[i] = __builtin_sqrtf(x[i]);
  return y;
#endif
}

// 1/x: the processor's estimate and one step of Newton's method, where there is an estimate.
static INLINE V inverse(V x) {
#if defined(__AVX512F__)
  V y = (V)_mm512_rcp14_ps((__m512)x);
  return y * (2.0f - x * y);
#else
  return 1.0f / x;
#endif
}

// x y + z: rounded once where the processor does, which is not everywhere.
static INLINE V multiplyAdd(V x, V y, V z) {
#if defined(__wasm_relaxed_simd__)
  return (V)wasm_f32x4_relaxed_madd((v128_t)x, (v128_t)y, (v128_t)z);
#else
  return z + x * y;
#endif
}

// The nearest whole number, for |x| < 2^22.
static INLINE V nearest(V x) {
#if defined(__wasm__)
  return (V)wasm_f32x4_nearest((v128_t)x);
#elif defined(__aarch64__)
  return (V)vrndnq_f32((float32x4_t)x);
#else
  const float magic = 12582912.0f;
  V y = x + magic;
  asm("" : "+x"(y));
  return y - magic;
#endif
}

static INLINE V magnitude(V x) { return asFloats(asInts(x) & 0x7fffffff); }
static INLINE V withSign(V x, V of) { return asFloats(asInts(x) | (asInts(of) & (int32_t)0x80000000)); }

// Between both, and not a number where x is none.
static INLINE V between(V x, float low, float high) { return smaller(all(high), larger(all(low), x)); }

// e^x 2^-n of the nearest n, and n: Cephes' polynomial, within 2 units in the last place.
static INLINE V fractionOfExponential(V x, V &n) {
  n = nearest(x * 1.44269504f);
  V r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  V p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + (r + 1.0f);
}

// e^x where it is known to be a normal number, -87 to 88; outside, that of the nearer end.
static INLINE V boundedExponential(V x) {
  V n, p = fractionOfExponential(between(x, -87.0f, 88.0f), n);
  return p * asFloats((toInts(n) + 127) << 23);
}

// e^x; 0 below -87.3 and infinite above 88.7.
static INLINE V exponential(V x) {
  V n, p = fractionOfExponential(between(x, -87.33654f, 88.72283f), n);
  // In two factors, so that 2^128 is one that there is.
  I half = toInts(n) >> 1, rest = toInts(n) - half;
  V y = p * asFloats((half + 127) << 23) * asFloats((rest + 127) << 23);
  y = pick(x < all(-87.33654f), V{}, y);
  return pick(x > all(88.72283f), all(INFINITY), y);
}

static INLINE V sigmoid(V x) { return inverse(boundedExponential(-x) + 1.0f); }

// Cephes' polynomial near 0, else by the exponential.
static INLINE V hyperbolicTangent(V x) {
  V a = magnitude(x);
  V large = 1.0f - 2.0f / (boundedExponential(2.0f * a) + 1.0f);
  V s = x * x;
  V p = all(-5.70498872745e-3f);
  p = p * s + 2.06390887954e-2f;
  p = p * s + -5.37397155531e-2f;
  p = p * s + 1.33314422036e-1f;
  p = p * s + -3.33332819422e-1f;
  return pick(a < all(0.625f), p * s * x + x, withSign(large, x));
}

// The natural logarithm within 2 units in the last place: Cephes' polynomial.
static INLINE V logarithm(V given) {
  V x = given;
  I small = x < all(1.17549435e-38f);
  x = pick(small, x * 8388608.0f, x);
  I bits = asInts(x);
  V e = toFloats(((bits >> 23) & 0xff) - 126) - pick(small, all(23.0f), V{});
  V m = asFloats((bits & 0x007fffff) | 0x3f000000);
  I low = m < all(0.707106781f);
  e = e - pick(low, all(1.0f), V{});
  m = m + pick(low, m, V{}) - 1.0f;
  V z = m * m;
  V p = all(7.0376836292e-2f);
  p = p * m + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  V y = p * m * z + e * -2.12194440e-4f - 0.5f * z;
  V found = m + y + e * 0.693359375f;
  found = pick(given == all(INFINITY), given, found);
  found = pick(given == V{}, all(-INFINITY), found);
  return pick(given >= V{}, found, all(NAN));
}

// Sine of x + quarter * pi/2, for |x| up to 2^13: the nearest multiple of pi/2 taken off in three parts.
static INLINE V sineFrom(V x, int quarter) {
  V n = nearest(x * 0.636619772f);
  V r = x - n * 1.5703125f;
  r = r - n * 4.837512969970703125e-4f;
  r = r - n * 7.54978995489188216e-8f;
  I q = toInts(n) + quarter;
  V s = r * r;
  V sine = all(-1.9515295891e-4f);
  sine = sine * s + 8.3321608736e-3f;
  sine = sine * s + -1.6666654611e-1f;
  sine = sine * s * r + r;
  V cosine = all(2.443315711809948e-5f);
  cosine = cosine * s + -1.388731625493765e-3f;
  cosine = cosine * s + 4.166664568298827e-2f;
  cosine = cosine * (s * s) - 0.5f * s + 1.0f;
  V y = pick((q & 1) == 1, cosine, sine);
  return asFloats(asInts(y) ^ ((q & 2) << 30));
}

// The arc tangent: of the part above tan(pi/8) by another angle, then a polynomial in x^2.
static INLINE V arcTangent(V given) {
  V x = magnitude(given);
  I far = x > all(2.41421356f), middle = x > all(0.414213562f);
  V base = pick(far, all(1.57079633f), pick(middle, all(0.785398163f), V{}));
  V r = pick(far, -1.0f / x, pick(middle, (x - 1.0f) / (x + 1.0f), x));
  V z = r * r;
  V p = all(0.08053719997f);
  p = p * z + -0.1387767792f;
  p = p * z + 0.1997770965f;
  p = p * z + -0.3333294988f;
  return withSign(base + (p * z * r + r), given);
}

// In halves.
static INLINE float sumOf(V x) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_ps((__m512)x);
#else
  float sums[WIDTH];
  store(sums, x);
  for (int n = WIDTH / 2; n > 0; n /= 2)
    for (int i = 0; i < n; i++) sums[i] += sums[i + n];
  return sums[0];
#endif
}

static INLINE float largestOf(V x) {
  float top = x[0];
  for (int i = 1; i < WIDTH; i++) top = x[i] > top ? x[i] : top;
  return top;
}

}  // namespace NAMESPACE
