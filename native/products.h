// Matrix products: matrices in panels of PANEL columns, and as many rows at a time as registers hold.
#pragma once
#include "program.h"
#include "vector.h"

#if WIDTH == 16
#define ROWS 12
#elif WIDTH == 8
#define ROWS 6
#else
#define ROWS 4
#endif
#define PANEL (2 * WIDTH)
#if defined(__wasm__)
#define TILE NOINLINE
#else
#define TILE INLINE
#endif

namespace NAMESPACE {

#if WIDTH == 4
template <int Q>
static INLINE V lane(V x) { return __builtin_shufflevector(x, x, Q, Q, Q, Q); }

// Adds lane Q of each row times a row of a panel.
template <int Q, int M, int COLUMNS>
static INLINE void addLane(V (&sums)[M][COLUMNS], const V (&x)[M], const float *panel) {
  V b[COLUMNS];
#pragma GCC unroll 2
  for (int j = 0; j < COLUMNS; j++) b[j] = load(panel + j * WIDTH);
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) {
    const V y = lane<Q>(x[i]);
#pragma GCC unroll 2
    for (int j = 0; j < COLUMNS; j++) sums[i][j] = multiplyAdd(y, b[j], sums[i][j]);
  }
}
#endif

// Each of M numbers in all lanes.
template <int M>
static INLINE void spread(const float *from, V (&to)[M]) {
#if WIDTH == 4
  if constexpr (M == 4) {
    const V x = load(from);
    to[0] = lane<0>(x), to[1] = lane<1>(x), to[2] = lane<2>(x), to[3] = lane<3>(x);
    return;
  }
#endif
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) to[i] = all(from[i]);
}

// Rows of `a` times a panel of V[COLUMNS], into `out`, of which the last vectors may be cut off.
template <int M, int COLUMNS>
static TILE void tile(const float *a, long step, const float *panel, const V *bias, long k, float *out, long outStep,
                        long columns) {
  V sums[M][COLUMNS];
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 2
    for (int j = 0; j < COLUMNS; j++) sums[i][j] = bias[j];
  long p = 0;
#if WIDTH == 4
  // To broadcast a lane takes less time than to broadcast a number of memory, as engines of WebAssembly compile them.
  for (; p + 4 <= k; p += 4) {
    V x[M];
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) x[i] = load(a + i * step + p);
    const float *rows = panel + p * PANEL;
    addLane<0>(sums, x, rows);
    addLane<1>(sums, x, rows + PANEL);
    addLane<2>(sums, x, rows + 2 * PANEL);
    addLane<3>(sums, x, rows + 3 * PANEL);
  }
#endif
  for (; p < k; p++) {
    V b[COLUMNS];
#pragma GCC unroll 2
    for (int j = 0; j < COLUMNS; j++) b[j] = load(panel + p * PANEL + j * WIDTH);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
      V x = all(a[i * step + p]);
#pragma GCC unroll 2
      for (int j = 0; j < COLUMNS; j++) sums[i][j] = multiplyAdd(x, b[j], sums[i][j]);
    }
  }
  if (columns == COLUMNS * WIDTH) {
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 2
      for (int j = 0; j < COLUMNS; j++) store(out + i * outStep + j * WIDTH, sums[i][j]);
    return;
  }
  float row[COLUMNS * WIDTH];
  for (int i = 0; i < M; i++) {
#pragma GCC unroll 2
    for (int j = 0; j < COLUMNS; j++) store(row + j * WIDTH, sums[i][j]);
    memcpy(out + i * outStep, row, columns * sizeof(float));
  }
}

template <int COLUMNS>
static void panelProduct(const float *a, long step, const float *panel, const float *added, long m, long k, float *out,
                         long outStep, long columns) {
  V bias[2] = {};
  if (added)
    for (long j = 0; j < columns; j++) bias[j / WIDTH][j % WIDTH] = added[j];
  long i = 0;
  for (; i + ROWS <= m; i += ROWS) tile<ROWS, COLUMNS>(a + i * step, step, panel, bias, k, out + i * outStep, outStep, columns);
#define REST(M) \
  case M: tile<M, COLUMNS>(a + i * step, step, panel, bias, k, out + i * outStep, outStep, columns); break;
  switch (m - i) {
    REST(1) REST(2) REST(3)
#if ROWS > 4
    REST(4) REST(5)
#endif
#if ROWS > 6
    REST(6) REST(7) REST(8) REST(9) REST(10) REST(11)
#endif
  }
#undef REST
}

// `out [m, n] = a [m, k] b + bias`, b as `pack` leaves it; without a bias where that is null.
static NOINLINE void product(const float *a, long step, const float *packed, const float *bias, long m, long k, long n, float *out,
                    long outStep) {
  if (n <= NARROW) {
    for (long i = 0; i < m; i++) {
      const float *row = a + i * step;
      for (long j = 0; j < n; j++) {
        const float *column = packed + j * k;
        V sum = V{};
        long p = 0;
        for (; p + WIDTH <= k; p += WIDTH) sum += load(row + p) * load(column + p);
        float total = sumOf(sum);
        for (; p < k; p++) total += row[p] * column[p];
        out[i * outStep + j] = bias ? total + bias[j] : total;
      }
    }
    return;
  }
  for (long j = 0; j < n; j += PANEL) {
    const long columns = n - j < PANEL ? n - j : PANEL;
    const float *panel = packed + j * k, *added = bias ? bias + j : nullptr;
    if (columns > WIDTH) panelProduct<2>(a, step, panel, added, m, k, out + j, outStep, columns);
    else panelProduct<1>(a, step, panel, added, m, k, out + j, outStep, columns);
  }
}

// The panels `from ... to-1` of `b [k, n]`; all of a narrow one.
static NOINLINE void pack(const float *b, long rowStep, long columnStep, long k, long n, float *packed, long from, long to) {
  if (n <= NARROW) {
    if (from < to)
      for (long j = 0; j < n; j++)
        for (long p = 0; p < k; p++) packed[j * k + p] = b[p * rowStep + j * columnStep];
    return;
  }
  for (long panel = from; panel < to; panel++) {
    const long j = panel * PANEL, columns = n - j < PANEL ? n - j : PANEL;
    float *to = packed + j * k;
    for (long p = 0; p < k; p++) {
      const float *row = b + p * rowStep + j * columnStep;
      if (columnStep == 1) memcpy(to + p * PANEL, row, columns * sizeof(float));
      else
        for (long i = 0; i < columns; i++) to[p * PANEL + i] = row[i * columnStep];
      for (long i = columns; i < PANEL; i++) to[p * PANEL + i] = 0;
    }
  }
}

static INLINE long panelsOf(long n) { return n <= NARROW ? 1 : (n + PANEL - 1) / PANEL; }

template <int M, int COLUMNS>
static TILE void outerTile(const float *a, long aStep, const float *b, long bStep, long m, float *out, long outStep) {
  V sums[M][COLUMNS];
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 2
    for (int j = 0; j < COLUMNS; j++) sums[i][j] = load(out + i * outStep + j * WIDTH);
  for (long p = 0; p < m; p++) {
    V x[COLUMNS];
#pragma GCC unroll 2
    for (int j = 0; j < COLUMNS; j++) x[j] = load(b + p * bStep + j * WIDTH);
    V y[M];
    spread(a + p * aStep, y);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 2
      for (int j = 0; j < COLUMNS; j++) sums[i][j] = multiplyAdd(y[i], x[j], sums[i][j]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 2
    for (int j = 0; j < COLUMNS; j++) store(out + i * outStep + j * WIDTH, sums[i][j]);
}

template <int COLUMNS>
static void outerColumns(const float *a, long aStep, const float *b, long bStep, long m, long k, float *out,
                         long outStep) {
  long i = 0;
  for (; i + ROWS <= k; i += ROWS) outerTile<ROWS, COLUMNS>(a + i, aStep, b, bStep, m, out + i * outStep, outStep);
  for (; i + 4 <= k; i += 4) outerTile<4, COLUMNS>(a + i, aStep, b, bStep, m, out + i * outStep, outStep);
  for (; i < k; i++) outerTile<1, COLUMNS>(a + i, aStep, b, bStep, m, out + i * outStep, outStep);
}

// `out [k, n] += a^T b`: `a [m, k]`, `b [m, n]`.
static NOINLINE void outer(const float *a, long aStep, const float *b, long bStep, long m, long k, long n, float *out,
                  long outStep) {
  long j = 0;
  for (; j + PANEL <= n; j += PANEL) outerColumns<2>(a, aStep, b + j, bStep, m, k, out + j, outStep);
  for (; j + WIDTH <= n; j += WIDTH) outerColumns<1>(a, aStep, b + j, bStep, m, k, out + j, outStep);
  for (; j < n; j++)
    for (long i = 0; i < k; i++) {
      float sum = out[i * outStep + j];
      for (long p = 0; p < m; p++) sum += a[p * aStep + i] * b[p * bStep + j];
      out[i * outStep + j] = sum;
    }
}

}  // namespace NAMESPACE
