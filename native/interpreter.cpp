// The instructions of a program, for one instruction set: compiled once for each, in a namespace of its own.
#include "products.h"

namespace NAMESPACE {

struct Access {
  int32_t space, index, base, step;
};

static INLINE const Access &accessAt(const int32_t *words) { return *(const Access *)words; }

static INLINE const void *addressOf(const Access &at, const Context &c) {
  switch (at.space) {
    case ARENA: return c.arena + at.base;
    case MEMORY: return c.memory + at.base + c.row * at.step;
    case CONSTANT: return c.constants + at.base + c.row * at.step;
    case INPUT: return (const float *)c.inputs[at.index] + at.base + c.row * at.step;
    case OUTPUT: return c.outputs[at.index] + at.base + c.row * at.step;
    default: return c.part + at.base;
  }
}
static INLINE float *writable(const Access &at, const Context &c) { return (float *)addressOf(at, c); }
static INLINE const float *readable(const Access &at, const Context &c) { return (const float *)addressOf(at, c); }

struct Nest {
  int loops;
  Index sizes[MOST_LOOPS];
  int views;
  char *at[MOST_VIEWS];
  Index strides[MOST_VIEWS][MOST_LOOPS];
};

// Loops and views; `words` moves behind them.
static INLINE void readNest(const int32_t *words, int views, Context &c, Nest &nest) {
  nest.loops = *words++;
  for (int i = 0; i < nest.loops; i++) nest.sizes[i] = *words++;
  nest.sizes[0] *= c.rows;
  nest.views = views;
  for (int v = 0; v < views; v++) {
    nest.at[v] = (char *)addressOf(accessAt(words), c);
    words += 4;
    for (int i = 0; i < nest.loops; i++) nest.strides[v][i] = *words++;
  }
}

static INLINE bool isEmpty(const Nest &nest) {
  for (int i = 0; i < nest.loops; i++)
    if (nest.sizes[i] == 0) return true;
  return false;
}

// Calls `inner(addresses, n, strides)` for each run of the innermost loop.
template <class F> static INLINE void walk(const Nest &nest, int unit, F inner) {
  const int last = nest.loops - 1;
  Index index[MOST_LOOPS] = {};
  char *at[MOST_VIEWS];
  Index steps[MOST_VIEWS];
  for (int v = 0; v < nest.views; v++) {
    at[v] = nest.at[v];
    steps[v] = nest.strides[v][last];
  }
  if (isEmpty(nest)) return;
  for (;;) {
    inner(at, nest.sizes[last], steps);
    int loop = last - 1;
    for (; loop >= 0; loop--) {
      for (int v = 0; v < nest.views; v++) at[v] += nest.strides[v][loop] * unit;
      if (++index[loop] < nest.sizes[loop]) break;
      for (int v = 0; v < nest.views; v++) at[v] -= nest.strides[v][loop] * nest.sizes[loop] * unit;
      index[loop] = 0;
    }
    if (loop < 0) return;
  }
}

// A vector of an operand at place i: of numbers one after the other, of one that is the same, or of some that are apart.
static INLINE V taken(const float *from, Index i, Index step) {
  if (step == 1) return load(from + i);
  if (step == 0) return all(*from);
  V x;
  for (int j = 0; j < WIDTH; j++) x[j] = from[(i + j) * step];
  return x;
}
static INLINE V takenUpTo(const float *from, Index i, Index n, Index step) {
  if (step == 1) return loadUpTo(from + i, n);
  V x = V{};
  for (Index j = 0; j < n; j++) x[j] = from[(i + j) * step];
  return x;
}
static INLINE void put(float *to, Index i, Index n, Index step, V x) {
  if (step == 1) return n == WIDTH ? store(to + i, x) : storeUpTo(to + i, x, n);
  for (Index j = 0; j < n; j++) to[(i + j) * step] = x[j];
}

// `out[i] = f(in[i] ...)` along one loop: numbers one after the other, and those that stand still, are the usual cases.
template <int INPUTS, class F> static INLINE void run(char *const *at, Index n, const Index *steps, F f) {
  float *out = (float *)at[0];
  const float *in[3] = {};
  for (int v = 0; v < INPUTS; v++) in[v] = (const float *)at[v + 1];
  Index i = 0;
  V x[3] = {};
  const auto is = [steps](Index a, Index b) { return (INPUTS < 1 || steps[1] == a) && (INPUTS < 2 || steps[2] == b); };
  if (steps[0] == 1 && INPUTS < 3 && is(1, 1))
    for (; i + WIDTH <= n; i += WIDTH) {
      V own[3] = {};
      for (int v = 0; v < INPUTS; v++) own[v] = load(in[v] + i);
      store(out + i, f(own));
    }
  else if (steps[0] == 1 && INPUTS == 2 && is(1, 0)) {
    const V b = all(*in[1]);
    for (; i + WIDTH <= n; i += WIDTH) {
      V own[3] = {load(in[0] + i), b};
      store(out + i, f(own));
    }
  } else if (steps[0] == 1 && INPUTS == 2 && is(0, 1)) {
    const V a = all(*in[0]);
    for (; i + WIDTH <= n; i += WIDTH) {
      V own[3] = {a, load(in[1] + i)};
      store(out + i, f(own));
    }
  } else
    for (; i + WIDTH <= n; i += WIDTH) {
      for (int v = 0; v < INPUTS; v++) x[v] = taken(in[v], i, steps[v + 1]);
      put(out, i, WIDTH, steps[0], f(x));
    }
  if (i == n) return;
  for (int v = 0; v < INPUTS; v++) x[v] = takenUpTo(in[v], i, n - i, steps[v + 1]);
  put(out, i, n - i, steps[0], f(x));
}

static INLINE V truth(I mask) { return pick(mask, all(1.0f), V{}); }

static INLINE V power(V x, V y) {
  V z;
  for (int i = 0; i < WIDTH; i++) z[i] = powf(x[i], y[i]);
  return z;
}

// Powers that are a root or a product: all exponents are the same.
static void powers(char *const *at, Index n, const Index *steps) {
  const float y = *(const float *)at[2];
  if (steps[2] != 0) return run<2>(at, n, steps, [](V *x) { return power(x[0], x[1]); });
  if (y == 2.0f) return run<1>(at, n, steps, [](V *x) { return x[0] * x[0]; });
  if (y == -1.0f) return run<1>(at, n, steps, [](V *x) { return 1.0f / x[0]; });
  if (y == 0.5f) return run<1>(at, n, steps, [](V *x) { return root(x[0]); });
  if (y == -0.5f) return run<1>(at, n, steps, [](V *x) { return 1.0f / root(x[0]); });
  if (y == -2.0f) return run<1>(at, n, steps, [](V *x) { return 1.0f / (x[0] * x[0]); });
  return run<2>(at, n, steps, [](V *x) { return power(x[0], x[1]); });
}

#define UNARY(KIND, EXPRESSION) \
  case KIND: return run<1>(at, n, steps, [](V *x) { V a = x[0]; return EXPRESSION; });
#define BINARY(KIND, EXPRESSION) \
  case KIND: return run<2>(at, n, steps, [](V *x) { V a = x[0], b = x[1]; return EXPRESSION; });

// One step along one loop.
static NOINLINE void elementwise(int kind, char *const *at, Index n, const Index *steps) {
  switch (kind) {
    UNARY(COPY, a)
    UNARY(NEG, -a)
    UNARY(EXP, exponential(a))
    UNARY(LOG, logarithm(a))
    UNARY(SIN, sineFrom(a, 0))
    UNARY(COS, sineFrom(a, 1))
    UNARY(ATAN, arcTangent(a))
    UNARY(TANH, hyperbolicTangent(a))
    UNARY(SQRT, root(a))
    UNARY(ABS, magnitude(a))
    UNARY(SIGN, pick(a > V{}, all(1.0f), pick(a < V{}, all(-1.0f), a)))
    UNARY(SIGMOID, sigmoid(a))
    UNARY(TRUNCATE, pick(magnitude(a) < all(2147483000.0f), toFloats(toInts(a)), a))
    UNARY(NONZERO, truth(~(a == V{})))
    BINARY(ADD, a + b)
    BINARY(SUB, a - b)
    BINARY(MUL, a * b)
    BINARY(DIV, a / b)
    case POW: return powers(at, n, steps);
    BINARY(MAXIMUM, pick(~(a == a), a, larger(a, b)))
    BINARY(MINIMUM, pick(~(a == a), a, smaller(a, b)))
    BINARY(LESS, truth(a < b))
    BINARY(LESS_EQUAL, truth(a <= b))
    BINARY(EQUAL, truth(a == b))
    case SELECT: return run<3>(at, n, steps, [](V *x) { return pick(x[0] == V{}, x[2], x[1]); });
  }
}

static void integers(const Nest &nest) {
  // Steps of the second view are of 64 bits.
  if (isEmpty(nest)) return;
  const int last = nest.loops - 1;
  Index index[MOST_LOOPS] = {};
  for (;;) {
    float *out = (float *)nest.at[0];
    const int64_t *in = (const int64_t *)nest.at[1];
    for (int i = 0; i < last; i++) {
      out += index[i] * nest.strides[0][i];
      in += index[i] * nest.strides[1][i];
    }
    for (Index i = 0; i < nest.sizes[last]; i++) out[i * nest.strides[0][last]] = (float)in[i * nest.strides[1][last]];
    int loop = last - 1;
    for (; loop >= 0 && ++index[loop] == nest.sizes[loop]; loop--) index[loop] = 0;
    if (loop < 0) return;
  }
}

// Numbers in lines, as one view has them, to where another has them.
static INLINE void move(float *to, Index toLine, Index toStep, const float *from, Index line, Index step, Index lines, Index n) {
  for (Index i = 0; i < lines; i++, to += toLine, from += line) {
    char *at[2] = {(char *)to, (char *)from};
    const Index steps[2] = {toStep, step};
    run<1>(at, n, steps, [](V *x) { return x[0]; });
  }
}

// Adds numbers up, or keeps the largest, where the result stands still.
template <class F> static INLINE void gatherRun(char *const *at, Index n, const Index *steps, F f, bool isSum) {
  float *out = (float *)at[0];
  const float *in = (const float *)at[1];
  if (steps[0] != 0) {
    const Index own[3] = {steps[0], steps[0], steps[1]};
    char *places[3] = {at[0], at[0], at[1]};
    return run<2>(places, n, own, [&](V *x) { return f(x[0], x[1]); });
  }
  Index i = 0;
  float found = *out;
  if (steps[1] == 1 && n >= 2 * WIDTH) {
    V sum = load(in);
    for (i = WIDTH; i + WIDTH <= n; i += WIDTH) sum = f(sum, load(in + i));
    const float inner = isSum ? sumOf(sum) : largestOf(sum);
    found = f(all(found), all(inner))[0];
  }
  for (; i < n; i++) found = f(all(found), all(in[i * steps[1]]))[0];
  *out = found;
}

static INLINE void gatherBy(bool isSum, char *const *at, Index n, const Index *steps) {
  if (isSum) gatherRun(at, n, steps, [](V a, V b) { return a + b; }, true);
  else gatherRun(at, n, steps, [](V a, V b) { return larger(a, b); }, false);
}

// One share of the outermost of some loops that has more than one turn.
static void takeShare(Nest &nest, int loops, const Context &c) {
  for (int i = 0; i < loops; i++) {
    if (nest.sizes[i] == 1 && i + 1 < loops) continue;
    const Index from = nest.sizes[i] * c.thread / c.threads, to = nest.sizes[i] * (c.thread + 1) / c.threads;
    for (int v = 0; v < nest.views; v++) nest.at[v] += 4 * from * nest.strides[v][i];
    nest.sizes[i] = to - from;
    return;
  }
}

// One number of each line, and the number of each line at all of its places.
static void reduceLines(int kind, float *out, const float *in, Index lines, Index n) {
  for (Index i = 0; i < lines; i++) {
    out[i] = kind == ADD ? 0 : -INFINITY;
    char *at[2] = {(char *)(out + i), (char *)(in + i * n)};
    const Index steps[2] = {0, 1};
    gatherBy(kind == ADD, at, n, steps);
  }
}
static void spreadLines(float *out, const float *in, Index lines, Index n) {
  for (Index i = 0; i < lines; i++) {
    const V x = all(in[i]);
    char *at[1] = {(char *)(out + i * n)};
    const Index steps[1] = {1};
    run<0>(at, n, steps, [x](V *) { return x; });
  }
}

// What a step needs of each view: its address as it is, also where it stands still, or numbers brought together beside it.
enum Reach { AS_IS, STILL, APART };

/**
 * `[results, operands, between, steps, (kind, form, to, from, from, from) ..., views]`: all steps at some places, then at the next
 * ones. The last loop goes by pieces; where it is short or its runs are lines, a piece is some of its runs.
 */
static NOINLINE void pass(const int32_t *w, Context &c) {
  const int results = w[0], views = w[0] + w[1], count = w[3];
  const int32_t *steps = w + 4;
  Nest nest;
  readNest(steps + STEP * count, views, c, nest);
  // Numbers of each line; and what is gone through number by number, so that it must not stand still.
  bool hasLines = false, isLine[MOST_VIEWS] = {}, isWalked[MOST_VIEWS] = {};
  for (int i = 0; i < count; i++) {
    const int32_t *step = steps + STEP * i;
    const int form = step[1];
    hasLines = hasLines || form != OF_PLACES;
    if (step[2] < views && (form == OF_LINES || form == REDUCE)) isLine[step[2]] = true;
    for (int k = 3; k < STEP; k++)
      if (step[k] < views) {
        isLine[step[k]] |= form == OF_LINES || form == SPREAD;
        isWalked[step[k]] |= form == REDUCE || form == SPREAD;
      }
  }
  if (c.threads > 1) takeShare(nest, hasLines ? nest.loops - 1 : nest.loops, c);
  if (steps[0] == INTEGERS) return integers(nest);
  const int last = nest.loops - 1;
  const Index n = nest.sizes[last];
  const bool isMove = count == 1 && steps[0] == COPY && !hasLines;
  const bool isByRuns = hasLines || (last > 0 && n > 0 && n < CHUNK / 2);
  bool isPlain = count == 1 && !hasLines;
  Reach reach[MOST_VIEWS];
  Index inner[MOST_VIEWS];
  for (int v = 0; v < views; v++) {
    // Of a number of each line, from line to line.
    inner[v] = nest.strides[v][isLine[v] ? last - 1 : last];
    const bool isOne = !isByRuns || isLine[v] || nest.strides[v][last - 1] == n * inner[v];
    reach[v] = isOne && inner[v] == 1 ? AS_IS : isOne && inner[v] == 0 && v >= results && !isWalked[v] ? STILL : APART;
    isPlain = isPlain && reach[v] != APART;
  }
  const Index fitting = n > 0 && n < CHUNK ? CHUNK / n : 1, piece = hasLines && n > CHUNK ? n : CHUNK;
  const Index most = isByRuns ? fitting : isPlain || isMove ? n : CHUNK;
  if (isByRuns) nest.loops--;
  walk(nest, 4, [&](char *const *at, Index all, const Index *along) {
    for (Index from = 0; from < all; from += most) {
      const Index taken = all - from < most ? all - from : most, lines = isByRuns ? taken : 1, run = isByRuns ? n : taken;
      const auto placeOf = [&](int v) { return (float *)at[v] + from * along[v]; };
      // A view, and its numbers one after the other.
      const auto bring = [&](float *beside, int v, bool isBack) {
        const bool ofLine = isLine[v];
        const Index line = ofLine ? 0 : along[v], runs = ofLine ? 1 : lines, length = ofLine ? lines : run;
        if (isBack) move(placeOf(v), line, inner[v], beside, length, 1, runs, length);
        else move(beside, length, 1, placeOf(v), line, inner[v], runs, length);
      };
      if (isMove) {
        move(placeOf(0), along[0], inner[0], placeOf(1), along[1], inner[1], lines, run);
        continue;
      }
      for (int v = results; v < views; v++)
        if (reach[v] == APART) bring(c.scratch + v * piece, v, false);
      for (int i = 0; i < count; i++) {
        const int32_t *step = steps + STEP * i;
        char *places[4];
        Index strides[4];
        for (int k = 0; k < 4; k++) {
          const int number = step[k + 2];
          const bool isView = number < views && reach[number] != APART;
          places[k] = (char *)(isView ? placeOf(number) : c.scratch + number * piece);
          strides[k] = isView && reach[number] == STILL ? 0 : 1;
        }
        if (step[1] == REDUCE) reduceLines(step[0], (float *)places[0], (const float *)places[1], lines, run);
        else if (step[1] == SPREAD) spreadLines((float *)places[0], (const float *)places[1], lines, run);
        else elementwise(step[0], places, step[1] == OF_LINES ? lines : lines * run, strides);
      }
      for (int v = 0; v < results; v++)
        if (reach[v] == APART) bring(c.scratch + v * piece, v, true);
    }
  });
}

// Sums of the columns of a matrix: several columns in registers, down all rows.
static void addColumns(Index rows, Index n, float *out, const float *in, Index step) {
  Index j = 0;
  for (; j + 4 * WIDTH <= n; j += 4 * WIDTH) {
    V sums[4];
    for (int k = 0; k < 4; k++) sums[k] = load(out + j + k * WIDTH);
    for (Index r = 0; r < rows; r++)
      for (int k = 0; k < 4; k++) sums[k] += load(in + r * step + j + k * WIDTH);
    for (int k = 0; k < 4; k++) store(out + j + k * WIDTH, sums[k]);
  }
  for (; j + WIDTH <= n; j += WIDTH) {
    V sum = load(out + j);
    for (Index r = 0; r < rows; r++) sum += load(in + r * step + j);
    store(out + j, sum);
  }
  for (; j < n; j++) {
    float sum = out[j];
    for (Index r = 0; r < rows; r++) sum += in[r * step + j];
    out[j] = sum;
  }
}

static NOINLINE void accumulate(int kind, const Nest &nest) {
  if (isEmpty(nest)) return;
  const Index *out = nest.strides[0], *in = nest.strides[1];
  if (kind == 0 && nest.loops == 2 && out[0] == 0 && out[1] == 1 && in[1] == 1)
    return addColumns(nest.sizes[0], nest.sizes[1], (float *)nest.at[0], (const float *)nest.at[1], in[0]);
  walk(nest, 4, [kind](char *const *at, Index n, const Index *steps) { gatherBy(kind == 0, at, n, steps); });
}

static void walkStep(int kind, const Nest &nest) {
  walk(nest, 4, [kind](char *const *at, Index n, const Index *steps) { elementwise(kind, at, n, steps); });
}

static void finish(int kind, Nest &nest, const Context &c) {
  takeShare(nest, nest.loops, c);
  for (int p = 0; p < c.partCount; p++) {
    Nest own = nest;
    own.at[1] += 4 * p * c.partSize;
    if (p == 0) walkStep(COPY, own);
    else {
      // Out of the result and the part.
      own.views = 3;
      own.at[2] = own.at[1];
      own.at[1] = own.at[0];
      for (int i = 0; i < own.loops; i++) {
        own.strides[2][i] = own.strides[1][i];
        own.strides[1][i] = own.strides[0][i];
      }
      walkStep(kind == 0 ? ADD : MAXIMUM, own);
    }
  }
}

static NOINLINE void softmax(bool isLog, Index rows, Index n, float *out, const float *in) {
  for (Index r = 0; r < rows; r++, in += n, out += n) {
    float top = in[0];
    Index i = 0;
    if (n >= WIDTH) {
      V most = load(in);
      for (i = WIDTH; i + WIDTH <= n; i += WIDTH) most = larger(most, load(in + i));
      top = largestOf(most);
    }
    for (; i < n; i++) top = in[i] > top ? in[i] : top;
    V sums = V{};
    for (i = 0; i + WIDTH <= n; i += WIDTH) {
      V e = boundedExponential(load(in + i) - top);
      sums += e;
      if (!isLog) store(out + i, e);
    }
    float sum = sumOf(sums);
    if (i < n) {
      V e = boundedExponential(takenUpTo(in, i, n - i, 1) - top);
      for (Index j = 0; j < n - i; j++) {
        sum += e[j];
        if (!isLog) out[i + j] = e[j];
      }
    }
    if (isLog) {
      const float norm = top + logf(sum);
      for (i = 0; i < n; i++) out[i] = in[i] - norm;
    } else {
      const float scale = 1.0f / sum;
      for (i = 0; i < n; i++) out[i] *= scale;
    }
  }
}

static void cumsum(bool isReverse, Index outerSize, Index n, Index inner, float *out, const float *in) {
  for (Index o = 0; o < outerSize; o++, in += n * inner, out += n * inner)
    for (Index k = 0; k < n; k++) {
      const Index at = (isReverse ? n - 1 - k : k) * inner, before = isReverse ? at + inner : at - inner;
      for (Index i = 0; i < inner; i++) out[at + i] = in[at + i] + (k > 0 ? out[before + i] : 0.0f);
    }
}

static NOINLINE void smallProducts(const int32_t *w, Context &c) {
  const Index m = w[0], n = w[1], k = w[2];
  const Index outRow = w[3], outColumn = w[4], aRow = w[5], aColumn = w[6], bRow = w[7], bColumn = w[8];
  Nest nest;
  readNest(w + 9, 3, c, nest);
  float *packed = c.scratch, *left = packed + (n <= NARROW ? n : PANEL * panelsOf(n)) * k, *result = left + m * k;
  walk(nest, 4, [&](char *const *at, Index count, const Index *steps) {
    for (Index i = 0; i < count; i++) {
      float *out = (float *)at[0] + i * steps[0];
      const float *a = (const float *)at[1] + i * steps[1], *b = (const float *)at[2] + i * steps[2];
      pack(b, bRow, bColumn, k, n, packed, 0, panelsOf(n));
      Index step = aRow;
      if (aColumn != 1) {
        if (aRow == 1) transpose(a, aColumn, k, m, left, k);
        else
          for (Index r = 0; r < m; r++)
            for (Index p = 0; p < k; p++) left[r * k + p] = a[r * aRow + p * aColumn];
        a = left;
        step = k;
      }
      if (outColumn == 1) product(a, step, packed, nullptr, m, k, n, out, outRow);
      else {
        product(a, step, packed, nullptr, m, k, n, result, n);
        for (Index r = 0; r < m; r++)
          for (Index j = 0; j < n; j++) out[r * outRow + j * outColumn] = result[r * n + j];
      }
    }
  });
}

void runBlock(const int32_t *words, int count, Context &c) {
  for (int i = 0; i < count; i++, words += words[1]) {
    const int32_t *w = words + 2;
    Nest nest;
    switch (words[0]) {
      case ELEMENTWISE: pass(w, c); break;
      case FILL: {
        readNest(w + 2, 1, c, nest);
        float value;
        memcpy(&value, w, 4);
        walk(nest, 4, [value](char *const *at, Index n, const Index *steps) {
          run<0>(at, n, steps, [value](V *) { return all(value); });
        });
        break;
      }
      case ACCUMULATE:
        readNest(w + 2, 2, c, nest);
        accumulate(w[0], nest);
        break;
      case FINISH:
        readNest(w + 2, 2, c, nest);
        finish(w[0], nest, c);
        break;
      case SOFTMAX:
        softmax(w[0], w[1] * c.rows, w[2], writable(accessAt(w + 3), c), readable(accessAt(w + 7), c));
        break;
      case CUMSUM:
        cumsum(w[0], w[1] * c.rows, w[2], w[3], writable(accessAt(w + 4), c), readable(accessAt(w + 8), c));
        break;
      case PACK: {
        const Index panels = panelsOf(w[1]);
        pack(readable(accessAt(w + 8), c), w[2], w[3], w[0], w[1], writable(accessAt(w + 4), c),
             panels * c.thread / c.threads, panels * (c.thread + 1) / c.threads);
        break;
      }
      case PRODUCT:
        product(readable(accessAt(w + 10), c), w[3], readable(accessAt(w + 14), c), w[5] ? readable(accessAt(w + 18), c) : nullptr,
                w[0] * c.rows, w[1], w[2], writable(accessAt(w + 6), c), w[4]);
        break;
      case OUTER:
        outer(readable(accessAt(w + 10), c), w[3], readable(accessAt(w + 14), c), w[4], w[0] * c.rows, w[1], w[2],
              writable(accessAt(w + 6), c), w[5], c.scratch);
        break;
      case PRODUCTS: smallProducts(w, c); break;
      case GATHER: {
        const Index rows = w[0] * c.rows, width = w[1], most = w[2];
        float *out = writable(accessAt(w + 3), c);
        const float *table = readable(accessAt(w + 7), c), *indices = readable(accessAt(w + 11), c);
        for (Index r = 0; r < rows; r++) {
          const Index at = (Index)indices[r];
          if (at < 0 || at >= most) {
            memset(out + r * width, 0xff, width * sizeof(float));
            c.isOutside = true;
          } else memcpy(out + r * width, table + at * width, width * sizeof(float));
        }
        break;
      }
      case SCATTER: {
        const Index rows = w[0] * c.rows, width = w[1], most = w[2];
        float *out = writable(accessAt(w + 3), c);
        const float *indices = readable(accessAt(w + 7), c), *updates = readable(accessAt(w + 11), c);
        for (Index r = 0; r < rows; r++) {
          const Index at = (Index)indices[r];
          if (at < 0 || at >= most) {
            c.isOutside = true;
            continue;
          }
          for (Index j = 0; j < width; j++) out[at * width + j] += updates[r * width + j];
        }
        break;
      }
    }
  }
}

int busy(Index turns) {
  V sums[ROWS][2];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < 2; j++) sums[i][j] = all((float)(2 * i + j));
  // Each sum is multiplied itself: the products of what stays the same would be left out.
  const V x = all(0.5f), y = all(1.0f);
  for (Index turn = 0; turn < turns; turn++) {
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
      for (int j = 0; j < 2; j++) sums[i][j] = multiplyAdd(sums[i][j], x, y);
  }
  V sum = V{};
  for (int i = 0; i < ROWS; i++) sum += sums[i][0] + sums[i][1];
  volatile float kept = sumOf(sum);
  (void)kept;
  return 2 * ROWS * 2 * WIDTH;
}

}  // namespace NAMESPACE
