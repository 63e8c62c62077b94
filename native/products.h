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

// Each of M numbers in all lanes. Where there are few registers they are loaded at once and their lanes broadcast, which engines of
// WebAssembly compile better; elsewhere a product takes its number from memory.
template <int M>
struct Spread {
#if WIDTH == 4
  V numbers[M];
  INLINE Spread(const float *from) {
    if constexpr (M == 4) {
      const V x = load(from);
      numbers[0] = lane<0>(x), numbers[1] = lane<1>(x), numbers[2] = lane<2>(x), numbers[3] = lane<3>(x);
    } else
      for (int i = 0; i < M; i++) numbers[i] = all(from[i]);
  }
  INLINE V operator[](int i) const { return numbers[i]; }
#else
  const float *from;
  INLINE Spread(const float *from) : from(from) {}
  INLINE V operator[](int i) const { return all(from[i]); }
#endif
};

// Rows of `a` times a panel of V[COLUMNS], into `out`, of which the last vectors may be cut off.
template <int M, int COLUMNS>
static TILE void tile(const float *a, Index step, const float *panel, const V *bias, Index k, float *out, Index outStep,
                        Index columns) {
  V sums[M][COLUMNS];
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 2
    for (int j = 0; j < COLUMNS; j++) sums[i][j] = bias[j];
  Index p = 0;
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
  const Index last = (COLUMNS - 1) * WIDTH;
  if (columns == COLUMNS * WIDTH) {
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 2
      for (int j = 0; j < COLUMNS; j++) store(out + i * outStep + j * WIDTH, sums[i][j]);
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
      if (COLUMNS == 2) store(out + i * outStep, sums[i][0]);
      storeUpTo(out + i * outStep + last, sums[i][COLUMNS - 1], columns - last);
    }
  }
}

// Calls `tile.run<M>(i)` for rows i to i + M - 1 until all m are done: as many as registers hold, or one less, so that none are left
// over that are too few to keep the processor busy.
template <class Tile>
static INLINE void tiles(Index m, Tile tile) {
  const Index count = (m + ROWS - 1) / ROWS;
  for (Index t = 0; t < count; t++) {
    const Index i = m * t / count;
    switch (m * (t + 1) / count - i) {
#define SIZE(M) \
  case M: tile.template run<M>(i); break;
      SIZE(1) SIZE(2) SIZE(3) SIZE(4)
#if ROWS > 4
      SIZE(5) SIZE(6)
#endif
#if ROWS > 6
      SIZE(7) SIZE(8) SIZE(9) SIZE(10) SIZE(11) SIZE(12)
#endif
#undef SIZE
    }
  }
}

template <int COLUMNS>
struct PanelTile {
  const float *a;
  Index step;
  const float *panel;
  V bias[2];
  Index k;
  float *out;
  Index outStep, columns;
  template <int M>
  INLINE void run(Index i) const { tile<M, COLUMNS>(a + i * step, step, panel, bias, k, out + i * outStep, outStep, columns); }
};

template <int COLUMNS>
static void panelProduct(const float *a, Index step, const float *panel, const float *added, Index m, Index k, float *out,
                         Index outStep, Index columns) {
  PanelTile<COLUMNS> tile{a, step, panel, {}, k, out, outStep, columns};
  if (added)
    for (Index j = 0; j < columns; j++) tile.bias[j / WIDTH][j % WIDTH] = added[j];
  tiles(m, tile);
}

// `out [m, n] = a [m, k] b + bias`, b as `pack` leaves it; without a bias where that is null.
static NOINLINE void product(const float *a, Index step, const float *packed, const float *bias, Index m, Index k, Index n, float *out,
                    Index outStep) {
  if (n <= NARROW) {
    for (Index i = 0; i < m; i++) {
      const float *row = a + i * step;
      for (Index j = 0; j < n; j++) {
        const float *column = packed + j * k;
        V sum = V{};
        Index p = 0;
        for (; p + WIDTH <= k; p += WIDTH) sum += load(row + p) * load(column + p);
        float total = sumOf(sum);
        for (; p < k; p++) total += row[p] * column[p];
        out[i * outStep + j] = bias ? total + bias[j] : total;
      }
    }
    return;
  }
  for (Index j = 0; j < n; j += PANEL) {
    const Index columns = n - j < PANEL ? n - j : PANEL;
    const float *panel = packed + j * k, *added = bias ? bias + j : nullptr;
    if (columns > WIDTH) panelProduct<2>(a, step, panel, added, m, k, out + j, outStep, columns);
    else panelProduct<1>(a, step, panel, added, m, k, out + j, outStep, columns);
  }
}

typedef float Four __attribute__((vector_size(16)));
typedef float FourUnaligned __attribute__((vector_size(16), aligned(4), may_alias));

// `to[j][i] = from[i][j]`, four by four.
static NOINLINE void transpose(const float *from, Index step, Index rows, Index columns, float *to, Index toStep) {
  Index i = 0;
  for (; i + 4 <= rows; i += 4) {
    const float *in = from + i * step;
    float *out = to + i;
    Index j = 0;
    for (; j + 4 <= columns; j += 4) {
      const Four a = *(const FourUnaligned *)(in + j), b = *(const FourUnaligned *)(in + step + j);
      const Four c = *(const FourUnaligned *)(in + 2 * step + j), d = *(const FourUnaligned *)(in + 3 * step + j);
      const Four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      const Four AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      *(FourUnaligned *)(out + j * toStep) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
      *(FourUnaligned *)(out + (j + 1) * toStep) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
      *(FourUnaligned *)(out + (j + 2) * toStep) = __builtin_shufflevector(AB, CD, 0, 1, 4, 5);
      *(FourUnaligned *)(out + (j + 3) * toStep) = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
    }
    for (; j < columns; j++)
      for (Index r = 0; r < 4; r++) out[j * toStep + r] = in[r * step + j];
  }
  for (; i < rows; i++)
    for (Index j = 0; j < columns; j++) to[j * toStep + i] = from[i * step + j];
}

// Lines of COLUMNS vectors one after the other; of the last vector there are numbers up to column `columns`, and zeros behind them.
template <int COLUMNS>
static INLINE void packLines(const float *from, Index step, Index lines, Index columns, float *to, Index toStep) {
  const Index last = (COLUMNS - 1) * WIDTH;
  for (Index p = 0; p < lines; p++, from += step, to += toStep) {
    if (COLUMNS == 2) store(to, load(from));
    store(to + last, columns == COLUMNS * WIDTH ? load(from + last) : loadUpTo(from + last, columns - last));
  }
}

// The panels `from ... to-1` of `b [k, n]`; all of a narrow one.
static NOINLINE void pack(const float *b, Index rowStep, Index columnStep, Index k, Index n, float *packed, Index from, Index to) {
  if (n <= NARROW) {
    if (from < to)
      for (Index j = 0; j < n; j++)
        for (Index p = 0; p < k; p++) packed[j * k + p] = b[p * rowStep + j * columnStep];
    return;
  }
  for (Index panel = from; panel < to; panel++) {
    const Index j = panel * PANEL, columns = n - j < PANEL ? n - j : PANEL;
    const float *first = b + j * columnStep;
    float *to = packed + j * k;
    if (columnStep == 1 && columns > WIDTH) packLines<2>(first, rowStep, k, columns, to, PANEL);
    else if (columnStep == 1) packLines<1>(first, rowStep, k, columns, to, PANEL);
    else if (rowStep == 1) transpose(first, columnStep, columns, k, to, PANEL);
    else
      for (Index p = 0; p < k; p++)
        for (Index i = 0; i < columns; i++) to[p * PANEL + i] = first[p * rowStep + i * columnStep];
  }
}

static INLINE Index panelsOf(Index n) { return n <= NARROW ? 1 : (n + PANEL - 1) / PANEL; }

// Adds rows of a^T times columns of `b` to `out`, of which the last vectors may be cut off where they are not all WHOLE.
template <int M, int COLUMNS, bool WHOLE>
static TILE void outerTile(const float *a, Index aStep, const float *b, Index bStep, bool isPadded, Index m, float *out, Index outStep,
                           Index columns) {
  V sums[M][COLUMNS];
  const Index last = (COLUMNS - 1) * WIDTH, rest = WHOLE ? WIDTH : columns - last;
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) {
    if (COLUMNS == 2) sums[i][0] = load(out + i * outStep);
    sums[i][COLUMNS - 1] = rest == WIDTH ? load(out + i * outStep + last) : loadUpTo(out + i * outStep + last, rest);
  }
  for (Index p = 0; p < m; p++) {
    V x[COLUMNS];
    if (COLUMNS == 2) x[0] = load(b + p * bStep);
    x[COLUMNS - 1] = isPadded || rest == WIDTH ? load(b + p * bStep + last) : loadUpTo(b + p * bStep + last, rest);
    const Spread<M> y(a + p * aStep);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 2
      for (int j = 0; j < COLUMNS; j++) sums[i][j] = multiplyAdd(y[i], x[j], sums[i][j]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) {
    if (COLUMNS == 2) store(out + i * outStep, sums[i][0]);
    if (rest == WIDTH) store(out + i * outStep + last, sums[i][COLUMNS - 1]);
    else storeUpTo(out + i * outStep + last, sums[i][COLUMNS - 1], rest);
  }
}

template <int COLUMNS, bool WHOLE>
struct OuterTile {
  const float *a;
  Index aStep;
  const float *b;
  Index bStep;
  bool isPadded;
  Index m;
  float *out;
  Index outStep, columns;
  template <int M>
  INLINE void run(Index i) const { outerTile<M, COLUMNS, WHOLE>(a + i, aStep, b, bStep, isPadded, m, out + i * outStep, outStep, columns); }
};

template <int COUNT, bool ALL>
struct Width {
  static const int COLUMNS = COUNT;
  static const bool WHOLE = ALL;
};

// `out [k, n] += a^T b`: `a [m, k]`, `b [m, n]`. A panel of `b` that is used many times is brought together, as many rows as the
// first cache holds.
static NOINLINE void outer(const float *a, Index aStep, const float *b, Index bStep, Index m, Index k, Index n, float *out,
                           Index outStep, float *panel) {
  const bool packs = k >= 2 * ROWS;
  const Index most = packs ? BLOCK : m;
  for (Index p = 0; p < m; p += most)
    for (Index j = 0; j < n; j += PANEL) {
      const Index rows = m - p < most ? m - p : most, columns = n - j < PANEL ? n - j : PANEL;
      const float *right = b + p * bStep + j;
      const auto add = [&](auto width) {
        constexpr int COLUMNS = decltype(width)::COLUMNS;
        if (packs) packLines<COLUMNS>(right, bStep, rows, columns, panel, PANEL);
        tiles(k, OuterTile<COLUMNS, decltype(width)::WHOLE>{a + p * aStep, aStep, packs ? panel : right, packs ? PANEL : bStep, packs, rows, out + j, outStep, columns});
      };
      if (columns == PANEL) add(Width<2, true>{});
      else if (columns > WIDTH) add(Width<2, false>{});
      else if (columns == WIDTH) add(Width<1, true>{});
      else add(Width<1, false>{});
    }
}

}  // namespace NAMESPACE
