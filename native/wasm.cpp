// The engine as a module of WebAssembly: one program in a memory of its own.
#include "step.h"

namespace base {
void runBlock(const int32_t *, int, Context &);
}

/** Where in memory a program and its run are, as src/runtime/cpu/wasm.ts lays them out. */
struct Layout {
  const int32_t *words;
  /** Of the first thread; the others' are behind it, so many floats apart. */
  float *arena, *scratch;
  int32_t arenaSize, scratchSize;
  float *memory, *parts;
  const float *constants;
  int32_t partSize, partCount;
  int32_t threads;
  int32_t steps, carried, rows;
  /** Of each input and output: where it is, and how many words a step's is behind the one before, 0 for state. */
  int32_t inputCount, outputCount;
  char *const *inputs;
  const int32_t *inputSteps;
  /** Two places for the state. */
  char *const *outputs, *const *others;
  const int32_t *outputSteps;
  /** Room for the addresses of one step, of each thread one after the other. */
  const void **stepInputs;
  float **stepOutputs;
};

namespace {

#if defined(__wasm_atomics__)
/** Threads meet: they spin for a while, as phases are short, and then sleep. */
int32_t waiting, round;

void meet(int32_t threads) {
  if (threads == 1) return;
  const int32_t mine = __atomic_load_n(&round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&waiting, 1, __ATOMIC_ACQ_REL) == threads) {
    __atomic_store_n(&waiting, 0, __ATOMIC_RELAXED);
    __atomic_add_fetch(&round, 1, __ATOMIC_ACQ_REL);
    __builtin_wasm_memory_atomic_notify(&round, threads);
    return;
  }
  for (int spins = 0; spins < 20000; spins++)
    if (__atomic_load_n(&round, __ATOMIC_ACQUIRE) != mine) return;
  while (__atomic_load_n(&round, __ATOMIC_ACQUIRE) == mine) __builtin_wasm_memory_atomic_wait32(&round, mine, -1);
}
#else
void meet(int32_t) {}
#endif

/** @returns whether an index was outside of its table */
bool work(const Layout &layout, int thread) {
  const ProgramHead head(layout.words);
  const void **inputs = layout.stepInputs + thread * layout.inputCount;
  float **outputs = layout.stepOutputs + thread * layout.outputCount;
  Context c{};
  c.arena = layout.arena + thread * layout.arenaSize;
  c.scratch = layout.scratch + thread * layout.scratchSize;
  c.memory = layout.memory;
  c.constants = layout.constants;
  c.inputs = inputs;
  c.outputs = outputs;
  c.parts = layout.parts;
  c.partSize = layout.partSize;
  c.partCount = layout.partCount;
  for (int step = 0; step < layout.steps; step++) {
    const auto stateOf = [&](int which) { return which % 2 ? layout.others : layout.outputs; };
    for (int i = 0; i < layout.inputCount; i++)
      inputs[i] = i < layout.carried && step > 0 ? (const void *)stateOf(step - 1)[i] : layout.inputs[i] + 4 * step * layout.inputSteps[i];
    for (int i = 0; i < layout.outputCount; i++)
      outputs[i] = (float *)(i < layout.carried ? stateOf(step)[i] : layout.outputs[i] + 4 * step * layout.outputSteps[i]);
    runStep(head, c, layout.rows, thread, layout.threads, base::runBlock, [&] { meet(layout.threads); });
  }
  return c.isOutside;
}

}  // namespace

#if defined(__wasm_atomics__)
namespace {
int32_t begun, isOutside;
const Layout *given;
}  // namespace

/** Of each thread but the first, in an instance of its own with a stack of its own: takes part in runs without end. */
extern "C" __attribute__((export_name("help"))) void help(int thread) {
  for (int32_t seen = 0;; seen++) {
    while (__atomic_load_n(&begun, __ATOMIC_ACQUIRE) == seen) __builtin_wasm_memory_atomic_wait32(&begun, seen, -1);
    if (work(*given, thread)) __atomic_store_n(&isOutside, 1, __ATOMIC_RELAXED);
    meet(given->threads);
  }
}

extern "C" __attribute__((export_name("run"))) bool run(const Layout &layout) {
  if (layout.threads == 1) return work(layout, 0);
  given = &layout;
  __atomic_store_n(&isOutside, 0, __ATOMIC_RELAXED);
  __atomic_add_fetch(&begun, 1, __ATOMIC_ACQ_REL);
  __builtin_wasm_memory_atomic_notify(&begun, layout.threads);
  const bool mine = work(layout, 0);
  meet(layout.threads);
  return mine || __atomic_load_n(&isOutside, __ATOMIC_RELAXED);
}
#else
extern "C" __attribute__((export_name("run"))) bool run(const Layout &layout) { return work(layout, 0); }
#endif
