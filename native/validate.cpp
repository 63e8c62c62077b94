#include "validate.h"

#include <algorithm>
#include <cmath>

#include "engine.h"
#include "program.h"

namespace {

/** More turns of an instruction on one block are no program: they would take minutes. */
const double MOST_TURNS = 1e9;
/** And so are more instructions of all blocks of a phase. */
const double MOST_INSTRUCTIONS = 2e8;
const int MOST_PORTS = 1 << 16;

/** First and last place that is touched; of nothing where `last < first`. In doubles, which do not overflow. */
struct Extent {
  double first = 0, last = 0;

  void along(double count, double stride) {
    if (count < 1) last = first - 1e300;
    else (stride < 0 ? first : last) += (count - 1) * stride;
  }
};

struct Checker {
  const int32_t *words;
  int64_t left;
  int64_t row = 0, rows = 1;
  const Sizes &sizes;
  Needs &needs;

  [[noreturn]] static void refuse() { throw InvalidProgram{"has an instruction that is none"}; }
  [[noreturn]] static void outside() { throw InvalidProgram{"reaches outside of its memory"}; }

  int32_t next() {
    if (left-- <= 0) refuse();
    return *words++;
  }
  double count() {
    const int32_t found = next();
    if (found < 0) refuse();
    return found;
  }
  int32_t among(int32_t most) {
    const int32_t found = next();
    if (found < 0 || found >= most) refuse();
    return found;
  }

  struct Access {
    int32_t space, index, base, step;
  };
  Access access() {
    const int32_t space = next(), index = next(), base = next(), step = next();
    if (space < ARENA || space > PART || index < 0 || index >= MOST_PORTS) refuse();
    return {space, index, base, step};
  }

  void touch(const Access &at, Extent extent, int unit = 1) {
    const auto raise = [&](std::vector<double> &found, double size) {
      if (found.size() <= (size_t)at.index) found.resize(at.index + 1, 0);
      found[at.index] = std::max(found[at.index], size);
    };
    // Of nothing there must be the place, too.
    if (at.space == INPUT) raise(needs.inputs, 0);
    if (at.space == OUTPUT) raise(needs.outputs, 0);
    if (extent.last < extent.first) return;
    const bool isRowed = at.space != ARENA && at.space != PART;
    const double base = at.base + (isRowed ? (double)row * at.step : 0);
    const double first = base + unit * extent.first, last = base + unit * extent.last + unit - 1;
    if (first < 0) outside();
    const auto within = [last](int64_t size) {
      if (last >= (double)size) outside();
    };
    switch (at.space) {
      case ARENA: return within(sizes.arena);
      case MEMORY: return within(sizes.memory);
      case CONSTANT: return within(sizes.constants);
      case PART: return within(sizes.part);
      case INPUT: return raise(needs.inputs, last + 1);
      default: return raise(needs.outputs, last + 1);
    }
  }
  void matrix(const Access &at, double lines, double step, double columns, double columnStep = 1) {
    Extent extent;
    extent.along(lines, step);
    extent.along(columns, columnStep);
    touch(at, extent);
  }
  void writes(const Access &at) {
    if (at.space == CONSTANT || at.space == INPUT) refuse();
  }

  static double packed(double k, double n) { return n <= NARROW ? k * n : WIDEST_PANEL * std::ceil(n / WIDEST_PANEL) * k; }

  struct Nest {
    int loops;
    double sizes[MOST_LOOPS];
    Access at[MOST_VIEWS];
    Extent extents[MOST_VIEWS];
  };
  Nest nest(int views, int results = 1) {
    Nest found{};
    found.loops = next();
    if (found.loops < 1 || found.loops > MOST_LOOPS) refuse();
    double turns = 1;
    for (int i = 0; i < found.loops; i++) turns *= found.sizes[i] = count() * (i == 0 ? rows : 1);
    if (turns > MOST_TURNS) refuse();
    for (int v = 0; v < views; v++) {
      found.at[v] = access();
      for (int i = 0; i < found.loops; i++) found.extents[v].along(found.sizes[i], next());
    }
    for (int v = 0; v < results; v++) writes(found.at[v]);
    return found;
  }

  void instruction(int operation) {
    switch (operation) {
      case ELEMENTWISE: {
        const int results = among(MOST_VIEWS + 1), operands = among(MOST_VIEWS + 1), views = results + operands;
        const int between = among(MOST_VIEWS + 1), steps = next();
        if (results < 1 || views > MOST_VIEWS || steps < 1) refuse();
        bool isOfIntegers = false, hasLines = false;
        // A view is of lines or of places, not of both.
        enum Role { NONE, LINE, PLACE } roles[MOST_VIEWS] = {};
        const auto use = [&](int number, bool isLine) {
          if (number < 0 || number >= views + between) refuse();
          if (number >= views) return;
          const Role role = isLine ? LINE : PLACE;
          if (roles[number] != NONE && roles[number] != role) refuse();
          roles[number] = role;
        };
        for (int i = 0; i < steps; i++) {
          const int kind = among(KINDS), form = among(FORMS), to = next();
          if (form == REDUCE && kind != ADD && kind != MAXIMUM) refuse();
          if (form == SPREAD && kind != COPY) refuse();
          // Results and what lies between are written, operands are not.
          if (to >= results && to < views) refuse();
          use(to, form == OF_LINES || form == REDUCE);
          for (int k = 0; k < 3; k++) {
            const int from = next();
            use(from, form == OF_LINES || form == SPREAD);
            if (form == SPREAD && from == to) refuse();
          }
          isOfIntegers = isOfIntegers || kind == INTEGERS;
          hasLines = hasLines || form != OF_PLACES;
        }
        if (isOfIntegers && (steps > 1 || results != 1 || operands != 1 || hasLines)) refuse();
        const Nest found = nest(views, results);
        if (hasLines && found.loops < 2) refuse();
        const double most = hasLines ? std::max((double)CHUNK, found.sizes[found.loops - 1]) : CHUNK;
        if ((views + between) * most > (double)sizes.scratch) refuse();
        for (int v = 0; v < views; v++) touch(found.at[v], found.extents[v], v == 1 && isOfIntegers ? 2 : 1);
        return;
      }
      case FILL: {
        next();
        next();
        const Nest found = nest(1);
        return touch(found.at[0], found.extents[0]);
      }
      case ACCUMULATE:
      case FINISH: {
        among(2);
        next();
        const Nest found = nest(2);
        // Finishing goes from part to part.
        if (operation == FINISH && found.at[1].space != PART) refuse();
        for (int v = 0; v < 2; v++) touch(found.at[v], found.extents[v]);
        return;
      }
      case SOFTMAX: {
        among(2);
        const double lines = count() * rows, n = count();
        if (n < 1 || lines * n > MOST_TURNS) refuse();
        const Access out = access(), in = access();
        writes(out);
        matrix(out, lines, n, n);
        return matrix(in, lines, n, n);
      }
      case CUMSUM: {
        among(2);
        const double lines = count() * rows, n = count() * count();
        if (lines * std::max(n, 1.0) > MOST_TURNS) refuse();
        const Access out = access(), in = access();
        writes(out);
        matrix(out, lines, n, n);
        return matrix(in, lines, n, n);
      }
      case PACK: {
        const double k = count(), n = count(), lineStep = next(), columnStep = next();
        const Access out = access(), in = access();
        writes(out);
        if (packed(k, n) > MOST_TURNS) refuse();
        matrix(out, 1, 0, packed(k, n));
        return matrix(in, k, lineStep, n, columnStep);
      }
      case PRODUCT: {
        const double m = count() * rows, k = count(), n = count(), step = next(), outStep = next();
        const bool hasBias = next();
        const Access out = access(), a = access(), panels = access(), bias = access();
        if (m * k * n > 1000 * MOST_TURNS) refuse();
        writes(out);
        matrix(out, m, outStep, n);
        matrix(a, m, step, k);
        matrix(panels, 1, 0, packed(k, n));
        if (hasBias) matrix(bias, 1, 0, n);
        return;
      }
      case OUTER: {
        const double m = count() * rows, k = count(), n = count(), aStep = next(), bStep = next(), outStep = next();
        const Access out = access(), a = access(), b = access();
        if (m * k * n > 1000 * MOST_TURNS || BLOCK * WIDEST_PANEL > (double)sizes.scratch) refuse();
        writes(out);
        matrix(out, k, outStep, n);
        matrix(a, m, aStep, k);
        return matrix(b, m, bStep, n);
      }
      case PRODUCTS: {
        const double m = count(), n = count(), k = count();
        double steps[6];
        for (double &step : steps) step = next();
        Nest found = nest(3);
        if (packed(k, n) + m * k + m * n > (double)sizes.scratch) outside();
        const double sides[3][2] = {{m, n}, {m, k}, {k, n}};
        for (int v = 0; v < 3; v++) {
          found.extents[v].along(sides[v][0], steps[2 * v]);
          found.extents[v].along(sides[v][1], steps[2 * v + 1]);
          touch(found.at[v], found.extents[v]);
        }
        return;
      }
      case GATHER: {
        const double lines = count() * rows, width = count(), most = count();
        const Access out = access(), table = access(), indices = access();
        if (lines * width > MOST_TURNS) refuse();
        writes(out);
        matrix(out, lines, width, width);
        matrix(table, most, width, width);
        return matrix(indices, lines, 1, 1);
      }
      case SCATTER: {
        const double lines = count() * rows, width = count(), most = count();
        const Access out = access(), indices = access(), updates = access();
        if (lines * width > MOST_TURNS) refuse();
        writes(out);
        matrix(out, most, width, width);
        matrix(indices, lines, 1, 1);
        return matrix(updates, lines, width, width);
      }
      default: refuse();
    }
  }
};

}  // namespace

void validate(const int32_t *words, int64_t size, int count, int64_t rows, int64_t block, const Sizes &sizes, Needs &needs) {
  if (rows < 1) return;
  if (std::ceil((double)rows / (double)block) * count > MOST_INSTRUCTIONS) throw InvalidProgram{"has more blocks than would end"};
  // Places are linear in the first row and the number of rows: the ends are at the corners of what both may be.
  const int64_t full = std::min(rows, block);
  const int64_t corners[4][2] = {{0, 1}, {0, full}, {rows - 1, 1}, {rows - full, full}};
  for (int i = 0; i < count; i++) {
    if (size < 2 || words[1] < 2 || words[1] > size) throw InvalidProgram{"has an instruction that is none"};
    for (const auto &corner : corners) {
      Checker checker{words + 2, words[1] - 2, corner[0], corner[1], sizes, needs};
      checker.instruction(words[0]);
      if (checker.left != 0) Checker::refuse();
    }
    size -= words[1];
    words += words[1];
  }
  if (size != 0) throw InvalidProgram{"has an instruction that is none"};
}
