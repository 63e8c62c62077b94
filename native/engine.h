// Runs programs with threads.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

struct Program;

/** Of a program that is not one: what is wrong with it. */
struct InvalidProgram {
  std::string what;
};

std::shared_ptr<Program> openProgram(const int32_t *words, long count, const float *constants, long constantCount,
                                     long arena, long scratch, int parts, int threads);

/**
 * Runs `steps` steps. The first `carried` inputs and outputs are a state: a step takes what the one before gave. State goes to
 * and fro between two sets of outputs.
 *
 * @param inputs of the first step; `inputSteps` is how many bytes the next step's are behind
 * @param outputs,others  of each output two places; those that are no state are behind by `outputSteps` floats
 * @returns which of both has the last state
 */
int runProgram(Program &program, int steps, int carried, const void *const *inputs, const long *inputSteps, int inputCount,
               float *const *outputs, float *const *others, const long *outputSteps, int outputCount, long rows);

const char *instructionSet();
