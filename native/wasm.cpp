// The engine as a module of WebAssembly: one program in a memory of its own, on one thread.
#include "step.h"

namespace base {
void runBlock(const int32_t *, int, Context &);
}

/** Where in memory a program and its run are, as src/runtime/cpu/wasm.ts lays them out. */
struct Layout {
  const int32_t *words;
  float *arena, *scratch, *memory, *parts;
  const float *constants;
  int32_t partSize, partCount;
  int32_t steps, carried, rows;
  /** Of each input and output: where it is, and how many words a step's is behind the one before, 0 for state. */
  int32_t inputCount, outputCount;
  char *const *inputs;
  const int32_t *inputSteps;
  /** Two places for the state. */
  char *const *outputs, *const *others;
  const int32_t *outputSteps;
  /** Room for the addresses of one step. */
  const void **stepInputs;
  float **stepOutputs;
};

// Whether an index was outside of its table.
extern "C" __attribute__((export_name("run"))) bool run(const Layout &layout) {
  const ProgramHead head(layout.words);
  Context c{};
  c.arena = layout.arena;
  c.scratch = layout.scratch;
  c.memory = layout.memory;
  c.constants = layout.constants;
  c.inputs = layout.stepInputs;
  c.outputs = layout.stepOutputs;
  c.parts = layout.parts;
  c.partSize = layout.partSize;
  c.partCount = layout.partCount;
  for (int step = 0; step < layout.steps; step++) {
    const auto stateOf = [&](int which) { return which % 2 ? layout.others : layout.outputs; };
    for (int i = 0; i < layout.inputCount; i++)
      layout.stepInputs[i] = i < layout.carried && step > 0 ? (const void *)stateOf(step - 1)[i]
                                                            : layout.inputs[i] + 4 * step * layout.inputSteps[i];
    for (int i = 0; i < layout.outputCount; i++)
      layout.stepOutputs[i] = (float *)(i < layout.carried ? stateOf(step)[i] : layout.outputs[i] + 4 * step * layout.outputSteps[i]);
    runStep(head, c, layout.rows, 0, 1, base::runBlock, [] {});
  }
  return c.isOutside;
}
