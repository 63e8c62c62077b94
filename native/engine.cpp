#include "engine.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "program.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__x86_64__)
namespace avx512 { void runBlock(const int32_t *, int, Context &); }
namespace avx2 { void runBlock(const int32_t *, int, Context &); }
#endif
namespace base { void runBlock(const int32_t *, int, Context &); }

namespace {

struct Choice {
  const char *name;
  RunBlock run;
};

#if defined(__x86_64__)
struct Processor {
  bool avx2 = false, avx512 = false;
};

// What the processor has and the operating system keeps of it.
Processor processor() {
  Processor has;
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_FMA)) return has;
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return has;
  has.avx2 = b & bit_AVX2;
  const unsigned wanted = bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  has.avx512 = (low & 0xe0) == 0xe0 && (b & wanted) == wanted;
  return has;
}
#endif

Choice choose() {
  const char *asked = getenv("OXBOW_INSTRUCTIONS");
  const auto allowed = [asked](const char *name) { return !asked || strcmp(asked, name) == 0; };
#if defined(__x86_64__)
  const Processor has = processor();
  if (allowed("avx512") && has.avx512) return {"avx512", avx512::runBlock};
  if (allowed("avx2") && has.avx2) return {"avx2", avx2::runBlock};
  return {"sse2", base::runBlock};
#else
  return {"neon", base::runBlock};
#endif
}

const Choice chosen = choose();

float *allocate(long floats) {
  void *found = nullptr;
  const size_t bytes = ((size_t)(floats > 0 ? floats : 1) * 4 + 4095) / 4096 * 4096;
  if (posix_memalign(&found, 4096, bytes)) throw std::bad_alloc();
  memset(found, 0, bytes);
  return (float *)found;
}

struct Free {
  void operator()(float *given) const { free(given); }
};
typedef std::unique_ptr<float, Free> Floats;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Threads that meet: they spin for a while, as phases are short, and then give their core away.
struct Meeting {
  std::atomic<int> waiting{0}, round{0};
  int threads = 1;

  void wait() {
    if (threads == 1) return;
    const int mine = round.load(std::memory_order_acquire);
    if (waiting.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
      waiting.store(0, std::memory_order_relaxed);
      round.fetch_add(1, std::memory_order_acq_rel);
      return;
    }
    for (int spins = 0; round.load(std::memory_order_acquire) == mine; spins++) {
      if (spins < 2000) pause();
      else std::this_thread::yield();
    }
  }
};

}  // namespace

const char *instructionSet() { return chosen.name; }

struct Phase {
  int kind;
  long rows;
  long block;
  int instructions;
  const int32_t *words;
};

struct Part {
  int offset, size, kind;
};

struct Program {
  std::vector<int32_t> words;
  std::vector<float> constants;
  std::vector<Phase> phases;
  std::vector<Part> gathered;
  long memorySize, partSize, arenaSize;
  int parts;
  Floats memory, partMemory;
  std::vector<Floats> arenas, scratches;
  int threads;

  // Of one run.
  Meeting meeting;
  const void *const *inputs = nullptr;
  const long *inputSteps = nullptr;
  float *const *outputs[2] = {};
  const long *outputSteps = nullptr;
  int steps = 0, carried = 0, inputCount = 0, outputCount = 0;
  long rows = 0;

  std::vector<std::thread> helpers;
  std::mutex mutex;
  std::condition_variable wake;
  int begun = 0;
  bool isOver = false;

  ~Program() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      isOver = true;
    }
    wake.notify_all();
    for (auto &helper : helpers) helper.join();
  }

  void clear(int p) {
    float *part = partMemory.get() + p * partSize;
    for (const Part &each : gathered) {
      if (each.kind == 0) memset(part + each.offset, 0, each.size * sizeof(float));
      else
        for (int i = 0; i < each.size; i++) part[each.offset + i] = -__builtin_inff();
    }
  }

  void work(int thread) {
    std::vector<const void *> in(inputCount);
    std::vector<float *> out(outputCount);
    Context c{};
    c.arena = arenas[thread].get();
    c.scratch = scratches[thread].get();
    c.memory = memory.get();
    c.constants = constants.data();
    c.inputs = in.data();
    c.outputs = out.data();
    c.parts = partMemory.get();
    c.partSize = partSize;
    c.partCount = parts;
    for (int step = 0; step < steps; step++) {
      for (int i = 0; i < inputCount; i++)
        in[i] = i < carried ? (step == 0 ? inputs[i] : (const void *)outputs[(step - 1) % 2][i])
                            : (const char *)inputs[i] + step * inputSteps[i];
      for (int i = 0; i < outputCount; i++)
        out[i] = i < carried ? outputs[step % 2][i] : outputs[0][i] + step * outputSteps[i];
      for (int p = thread; p < parts; p += threads) clear(p);
      for (const Phase &phase : phases) {
        if (phase.kind == ROWS_OF_DOMAIN) {
          c.thread = 0;
          c.threads = 1;
          const long all = phase.rows < 0 ? rows : phase.rows;
          for (int p = thread; p < parts; p += threads) {
            c.part = partMemory.get() + p * partSize;
            const long to = all * (p + 1) / parts;
            for (long row = all * p / parts; row < to; row += phase.block) {
              c.row = row;
              c.rows = to - row < phase.block ? to - row : phase.block;
              chosen.run(phase.words, phase.instructions, c);
            }
          }
        } else {
          c.part = partMemory.get();
          c.row = 0;
          c.rows = 1;
          c.thread = phase.kind == SHARED ? thread : 0;
          c.threads = phase.kind == SHARED ? threads : 1;
          if (phase.kind == SHARED || thread == 0) chosen.run(phase.words, phase.instructions, c);
        }
        meeting.wait();
      }
    }
  }

  void help(int thread) {
    for (int seen = 0;;) {
      {
        std::unique_lock<std::mutex> lock(mutex);
        wake.wait(lock, [&] { return isOver || begun != seen; });
        if (isOver) return;
        seen = begun;
      }
      work(thread);
      meeting.wait();
    }
  }
};

namespace {

struct Reader {
  const int32_t *words;
  long count, at = 0;

  int32_t next() {
    if (at >= count) throw InvalidProgram{"ends too early"};
    return words[at++];
  }
};

}  // namespace

std::shared_ptr<Program> openProgram(const int32_t *words, long count, const float *constants, long constantCount,
                                     long arena, long scratch, int parts, int threads) {
  auto program = std::make_shared<Program>();
  program->words.assign(words, words + count);
  program->constants.assign(constants, constants + constantCount);
  Reader reader{program->words.data(), count};
  if (reader.next() != 1) throw InvalidProgram{"is of another version"};
  program->memorySize = reader.next();
  program->partSize = reader.next();
  program->arenaSize = arena;
  program->parts = parts;
  program->threads = threads < parts ? threads : parts;
  for (int i = reader.next(); i > 0; i--) {
    const int offset = reader.next(), size = reader.next(), kind = reader.next();
    if (offset < 0 || size < 0 || offset + size > program->partSize) throw InvalidProgram{"gathers outside of a part"};
    program->gathered.push_back({offset, size, kind});
  }
  for (int i = reader.next(); i > 0; i--) {
    Phase phase;
    phase.kind = reader.next();
    phase.rows = reader.next();
    phase.block = reader.next();
    phase.instructions = reader.next();
    const long size = reader.next();
    if (phase.kind < 0 || phase.kind > SHARED || phase.block < 1 || size < 0 || reader.at + size > count)
      throw InvalidProgram{"has a phase that is none"};
    phase.words = program->words.data() + reader.at;
    long at = 0;
    for (int k = 0; k < phase.instructions; k++) {
      if (at + 2 > size || phase.words[at + 1] < 2 || phase.words[at] < 0 || phase.words[at] >= OPERATIONS)
        throw InvalidProgram{"has an instruction that is none"};
      at += phase.words[at + 1];
    }
    if (at != size) throw InvalidProgram{"has an instruction that is none"};
    reader.at += size;
    program->phases.push_back(phase);
  }
  program->memory.reset(allocate(program->memorySize));
  program->partMemory.reset(allocate(program->partSize * parts));
  for (int t = 0; t < program->threads; t++) {
    program->arenas.emplace_back(allocate(arena));
    program->scratches.emplace_back(allocate(scratch));
  }
  program->meeting.threads = program->threads;
  for (int t = 1; t < program->threads; t++) program->helpers.emplace_back([raw = program.get(), t] { raw->help(t); });
  return program;
}

int runProgram(Program &program, int steps, int carried, const void *const *inputs, const long *inputSteps, int inputCount,
               float *const *outputs, float *const *others, const long *outputSteps, int outputCount, long rows) {
  program.steps = steps;
  program.carried = carried;
  program.inputs = inputs;
  program.inputSteps = inputSteps;
  program.inputCount = inputCount;
  program.outputs[0] = outputs;
  program.outputs[1] = others;
  program.outputSteps = outputSteps;
  program.outputCount = outputCount;
  program.rows = rows;
  if (program.threads > 1) {
    {
      std::lock_guard<std::mutex> lock(program.mutex);
      program.begun++;
    }
    program.wake.notify_all();
  }
  program.work(0);
  if (program.threads > 1) program.meeting.wait();
  return (steps - 1) % 2;
}
