// Whether a program stays within its memory, for any numbers that it may consist of.
#pragma once
#include <cstdint>
#include <vector>

/** How many floats each space has. */
struct Sizes {
  int64_t arena, memory, constants, part, scratch;
};

/** How many floats of each input and output a program touches. */
struct Needs {
  std::vector<double> inputs, outputs;
};

/**
 * Walks through the instructions of a phase and raises `needs` to what they touch.
 *
 * @param size  of all instructions, in words
 * @param rows  how many the phase has, in blocks of up to `block`
 * @throws InvalidProgram of an instruction that is none, or that touches what is outside of the arena, of memory, of constants,
 *   of a part or of scratch
 */
void validate(const int32_t *words, int64_t size, int count, int64_t rows, int64_t block, const Sizes &sizes, Needs &needs);
