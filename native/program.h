// A program as numbers, as src/runtime/cpu/encode.ts writes it, and what it runs on.
#pragma once
#include <cstdint>

/** Of places and counts: as wide as an address, which `long` is not on Windows. */
typedef intptr_t Index;

enum Space { ARENA, MEMORY, CONSTANT, INPUT, OUTPUT, PART };
enum PhaseKind { ROWS_OF_DOMAIN, ONCE, SHARED };
enum Operation {
  ELEMENTWISE, FILL, ACCUMULATE, SOFTMAX, CUMSUM, PACK, PRODUCT, OUTER, PRODUCTS, GATHER, SCATTER, FINISH, OPERATIONS
};
enum Kind {
  COPY, NEG, EXP, LOG, SIN, COS, ATAN, TANH, SQRT, ABS, SIGN, SIGMOID, TRUNCATE, NONZERO, INTEGERS,
  ADD, SUB, MUL, DIV, POW, MAXIMUM, MINIMUM, LESS, LESS_EQUAL, EQUAL, SELECT, KINDS
};

/** Of a step of a pass: at each place, once for each line, one number out of a line, and a line's number at all of its places. */
enum Form { OF_PLACES, OF_LINES, REDUCE, SPREAD, FORMS };

/** Of the form of programs. */
const int VERSION = 3;
/** Loops of an instruction, and views of it, at most. */
const int MOST_LOOPS = 8, MOST_VIEWS = 40;
/** Words of a step of a pass: kind, form, to, from, from, from. */
const int STEP = 6;
/** Numbers that a pass of several steps takes at a time, which the first cache holds; of lines, one at least. */
const int CHUNK = 512;
/** At most so many columns are no panel: products with them go along the rows. */
const int NARROW = 4;
/** Columns of a panel on the widest vectors: what a packed matrix has room for. */
const int WIDEST_PANEL = 32;

/** Rows of a panel that a product over rows brings together. */
const int BLOCK = 192;

/** What the instructions of one thread see. */
struct Context {
  float *arena;
  float *memory;
  const float *constants;
  const void *const *inputs;
  float *const *outputs;
  /** Gathered numbers of the part that is worked on, and how far it is from part to part. */
  float *part;
  float *parts;
  Index partSize;
  int partCount;
  /** What products bring together, and what a pass has between its steps. */
  float *scratch;
  /** The first row of the block, and how many it has. */
  Index row, rows;
  /** Of instructions that threads share: which share this is. */
  int thread, threads;
  /** An index was outside of its table, and what is there is not a number. */
  bool isOutside;
};

/** Runs instructions on a block. */
typedef void (*RunBlock)(const int32_t *words, int count, Context &context);

/** Products that are added to as many sums as registers hold, over and over: what the processor can do. Returns the operations of a turn. */
typedef int (*RunBusy)(Index turns);
