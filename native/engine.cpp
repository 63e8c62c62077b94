#include "engine.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "step.h"
#include "validate.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__x86_64__)
namespace avx512 { void runBlock(const int32_t *, int, Context &); int busy(Index); }
namespace avx2 { void runBlock(const int32_t *, int, Context &); int busy(Index); }
#endif
namespace base { void runBlock(const int32_t *, int, Context &); int busy(Index); }

namespace {

struct Choice {
  const char *name;
  RunBlock run;
  RunBusy busy;
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
#if defined(__x86_64__)
  const char *asked = getenv("OXBOW_INSTRUCTIONS");
  const auto allowed = [asked](const char *name) { return !asked || strcmp(asked, name) == 0; };
  const Processor has = processor();
  if (allowed("avx512") && has.avx512) return {"avx512", avx512::runBlock, avx512::busy};
  if (allowed("avx2") && has.avx2) return {"avx2", avx2::runBlock, avx2::busy};
  return {"sse2", base::runBlock, base::busy};
#else
  return {"neon", base::runBlock, base::busy};
#endif
}

const Choice chosen = choose();

const std::align_val_t SMALL_PAGE{4096}, LARGE_PAGE{2 * 1024 * 1024};

struct Free {
  std::align_val_t page;
  void operator()(float *given) const { ::operator delete(given, page); }
};
typedef std::unique_ptr<float, Free> Floats;

// Not rounded up to whole pages, so that a sanitizer sees the end. In large pages where there is enough for one: a step touches
// more small ones than the processor has addresses of at hand.
Floats allocate(Index floats) {
  const size_t bytes = (size_t)(floats > 0 ? floats : 1) * sizeof(float);
  const std::align_val_t page = bytes >= (size_t)LARGE_PAGE / 2 ? LARGE_PAGE : SMALL_PAGE;
  float *found = (float *)::operator new(bytes, page);
#if defined(__linux__)
  if (page == LARGE_PAGE) madvise(found, bytes, MADV_HUGEPAGE);
#endif
  memset(found, 0, bytes);
  return Floats(found, Free{page});
}

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

const int MOST_PARTS = 1024;

struct Program {
  std::vector<int32_t> words;
  std::vector<float> constants;
  std::vector<const PhaseHead *> phases;
  Sizes sizes;
  int parts;
  Needs needs;
  /** Rows of an open batch that `needs` are of. */
  Index neededRows = -1;
  Floats memory{nullptr, Free{SMALL_PAGE}}, partMemory{nullptr, Free{SMALL_PAGE}};
  std::vector<Floats> arenas, scratches;
  int threads;

  bool isRunning = false;
  std::atomic<bool> isOutside{false};
  Meeting meeting;
  const Given *given = nullptr;

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

  /** Raises `needs` to those of a batch. */
  void need(Index rows) {
    if (rows == neededRows) return;
    neededRows = -1;
    needs = {};
    for (const PhaseHead *phase : phases) {
      const bool hasRows = phase->kind == ROWS_OF_DOMAIN;
      validate((const int32_t *)(phase + 1), phase->size, phase->instructions, !hasRows ? 1 : phase->rows < 0 ? rows : phase->rows,
               hasRows ? phase->block : 1, sizes, needs);
    }
    neededRows = rows;
  }

  void work(int thread) {
    const Given &run = *given;
    const int inputs = (int)run.inputs.size(), outputs = (int)run.outputs.size();
    std::vector<const void *> in(inputs);
    std::vector<float *> out(outputs);
    const ProgramHead head(words.data());
    Context c{};
    c.arena = arenas[thread].get();
    c.scratch = scratches[thread].get();
    c.memory = memory.get();
    c.constants = constants.data();
    c.inputs = in.data();
    c.outputs = out.data();
    c.parts = partMemory.get();
    c.partSize = sizes.part;
    c.partCount = parts;
    for (int step = 0; step < run.steps; step++) {
      const auto stateOf = [&run](int which) -> const std::vector<Span> & { return which % 2 ? run.others : run.outputs; };
      const auto stepIn = [&run, step](const Span &all) { return (float *)all.data + all.words / run.steps * step; };
      for (int i = 0; i < inputs; i++)
        in[i] = i >= run.carried ? stepIn(run.inputs[i]) : step == 0 ? run.inputs[i].data : stateOf(step - 1)[i].data;
      for (int i = 0; i < outputs; i++) out[i] = i < run.carried ? (float *)stateOf(step)[i].data : stepIn(run.outputs[i]);
      runStep(head, c, run.rows, thread, threads, chosen.run, [this] { meeting.wait(); });
    }
    if (c.isOutside) isOutside = true;
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
  int64_t count, at = 0;

  /** The next words, which are there. */
  const int32_t *take(Index size) {
    if (at + size > count) throw InvalidProgram{"ends too early"};
    at += size;
    return words + at - size;
  }
  int32_t next() { return *take(1); }
};

}  // namespace

std::shared_ptr<Program> openProgram(const int32_t *words, int64_t count, const float *constants, int64_t constantCount,
                                     int64_t arena, int64_t scratch, int parts, int threads) {
  if (arena < 0 || scratch < 0 || parts < 1 || parts > MOST_PARTS || threads < 1)
    throw InvalidProgram{"has sizes that are none"};
  auto program = std::make_shared<Program>();
  program->words.assign(words, words + count);
  program->constants.assign(constants, constants + constantCount);
  Reader reader{program->words.data(), count};
  if (reader.next() != VERSION) throw InvalidProgram{"is of another version"};
  const int32_t memory = reader.next(), part = reader.next();
  if (memory < 0 || part < 0) throw InvalidProgram{"has sizes that are none"};
  program->sizes = {arena, memory, constantCount, part, scratch};
  program->parts = parts;
  program->threads = threads < parts ? threads : parts;
  for (int i = reader.next(); i > 0; i--) {
    const int offset = reader.next(), size = reader.next();
    reader.next();
    if (offset < 0 || size < 0 || (int64_t)offset + size > part) throw InvalidProgram{"gathers outside of a part"};
  }
  bool isOpen = false;
  for (int i = reader.next(); i > 0; i--) {
    const auto *phase = (const PhaseHead *)reader.take(sizeof(PhaseHead) / sizeof(int32_t));
    if (phase->kind < 0 || phase->kind > SHARED || phase->block < 1 || phase->instructions < 0 || phase->size < 0)
      throw InvalidProgram{"has a phase that is none"};
    isOpen = isOpen || (phase->kind == ROWS_OF_DOMAIN && phase->rows < 0);
    reader.take(phase->size);
    program->phases.push_back(phase);
  }
  if (reader.at != count) throw InvalidProgram{"goes on behind its end"};
  program->need(isOpen ? 1 : 0);
  program->memory = allocate(memory);
  program->partMemory = allocate((Index)part * parts);
  for (int t = 0; t < program->threads; t++) {
    program->arenas.emplace_back(allocate(arena));
    program->scratches.emplace_back(allocate(scratch));
  }
  program->meeting.threads = program->threads;
  for (int t = 1; t < program->threads; t++) program->helpers.emplace_back([raw = program.get(), t] { raw->help(t); });
  return program;
}

int64_t bytesOf(const Program &program) {
  const Sizes &sizes = program.sizes;
  return 4 * (sizes.memory + sizes.part * program.parts + (sizes.arena + sizes.scratch) * program.threads + sizes.constants) +
         4 * (int64_t)program.words.size();
}

void beginRun(Program &program, const Given &given) {
  if (program.isRunning) throw InvalidProgram{"is running"};
  const auto refuse = [] { throw InvalidProgram{"needs other inputs or outputs"}; };
  if (given.steps < 1 || given.carried < 0 || given.rows < 0 || given.outputs.size() != given.others.size()) refuse();
  const int carried = given.carried;
  if (carried > (int)given.inputs.size() || carried > (int)given.outputs.size()) refuse();
  program.need(given.rows);
  const auto suffices = [&](const std::vector<Span> &spans, const std::vector<double> &needs) {
    if (needs.size() > spans.size()) refuse();
    for (size_t i = 0; i < needs.size(); i++)
      if (needs[i] > (double)((int)i < carried ? spans[i].words : spans[i].words / given.steps)) refuse();
  };
  suffices(given.inputs, program.needs.inputs);
  suffices(given.outputs, program.needs.outputs);
  for (int i = 0; i < carried && given.steps > 1; i++) {
    const Span &first = given.outputs[i], &second = given.others[i];
    if (first.words != second.words || first.words < given.inputs[i].words || first.data == second.data) refuse();
  }
  program.isRunning = true;
}

void endRun(Program &program) { program.isRunning = false; }

int runProgram(Program &program, const Given &given) {
  program.given = &given;
  program.isOutside = false;
  if (program.threads > 1) {
    {
      std::lock_guard<std::mutex> lock(program.mutex);
      program.begun++;
    }
    program.wake.notify_all();
  }
  program.work(0);
  if (program.threads > 1) program.meeting.wait();
  return program.isOutside ? OUTSIDE : (given.steps - 1) % 2;
}

double peak(double seconds) {
  const auto from = std::chrono::steady_clock::now();
  double operations = 0, passed = 0;
  while (passed < seconds) {
    operations += 10000.0 * chosen.busy(10000);
    passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  }
  return operations / passed;
}
