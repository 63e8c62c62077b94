// Runs programs with threads.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct Program;

/** Of a program that is not one: what is wrong with it. */
struct InvalidProgram {
  std::string what;
};

/**
 * @param arena,scratch  floats that each thread has for a block, and for products of small matrices
 * @param parts  what rows are cut into, however many threads there are
 * @throws InvalidProgram when the words are no program, or one that reaches outside of its memory
 */
std::shared_ptr<Program> openProgram(const int32_t *words, int64_t count, const float *constants, int64_t constantCount,
                                     int64_t arena, int64_t scratch, int parts, int threads);

/** Bytes that a program holds. */
int64_t bytesOf(const Program &program);

/** An array of 32-bit words, or of numbers of two. */
struct Span {
  void *data;
  int64_t words;
};

/** What one run is given. */
struct Given {
  int steps = 1;
  /** So many first inputs and outputs are a state: a step takes what the one before gave. */
  int carried = 0;
  /** Of an open batch. */
  int64_t rows = 0;
  /** State of the first step; of the rest, all steps one after the other. */
  std::vector<Span> inputs;
  /** Two places for the state, which goes to and fro; of the rest, all steps one after the other. */
  std::vector<Span> outputs, others;
};

/**
 * Before `runProgram`, on the thread that opened the program; `endRun` after it.
 *
 * @throws InvalidProgram when the program would touch what is not given, or is running
 */
void beginRun(Program &program, const Given &given);
void endRun(Program &program);

/**
 * Runs what `beginRun` has let through, on the program's threads.
 *
 * @returns 0 when `outputs` has the last state, 1 when `others` has, OUTSIDE when an index was outside of its table
 */
int runProgram(Program &program, const Given &given);

const int OUTSIDE = -1;

const char *instructionSet();

/** Operations a second that one thread does at most: products that are added to sums in registers, for so many seconds. */
double peak(double seconds);
