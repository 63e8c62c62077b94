// One step of a program, as one of its threads runs it: read from the program's words as they are.
#pragma once
#include "program.h"

namespace {

/** What begins a phase; its instructions follow. */
struct PhaseHead {
  int32_t kind, rows, block, instructions, size;
};

/** What begins a program, and after it the phases. */
struct ProgramHead {
  const int32_t *gathered, *phases;
  int gatheredCount, phaseCount;

  // [version, memory, part, gathered, (offset, size, kind) ..., phases, ...]
  explicit ProgramHead(const int32_t *words) {
    gatheredCount = words[3];
    gathered = words + 4;
    phaseCount = gathered[3 * gatheredCount];
    phases = gathered + 3 * gatheredCount + 1;
  }
};

// The numbers of a part that are gathered over its rows, at the beginning.
inline void clearPart(const ProgramHead &head, float *part) {
  for (int g = 0; g < head.gatheredCount; g++) {
    const int32_t offset = head.gathered[3 * g], size = head.gathered[3 * g + 1], kind = head.gathered[3 * g + 2];
    for (int i = 0; i < size; i++) part[offset + i] = kind == 0 ? 0.0f : -__builtin_inff();
  }
}

/**
 * @param rows  of an open batch
 * @param meet  waits for the other threads, after each phase
 */
template <class Meet>
void runStep(const ProgramHead &head, Context &c, Index rows, int thread, int threads, RunBlock run, Meet meet) {
  for (int p = thread; p < c.partCount; p += threads) clearPart(head, c.parts + p * c.partSize);
  const int32_t *words = head.phases;
  for (int i = 0; i < head.phaseCount; i++) {
    const PhaseHead &phase = *(const PhaseHead *)words;
    words += sizeof(PhaseHead) / sizeof(int32_t);
    if (phase.kind == ROWS_OF_DOMAIN) {
      c.thread = 0;
      c.threads = 1;
      const Index all = phase.rows < 0 ? rows : phase.rows;
      for (int p = thread; p < c.partCount; p += threads) {
        c.part = c.parts + p * c.partSize;
        const Index to = all * (p + 1) / c.partCount;
        for (Index row = all * p / c.partCount; row < to; row += phase.block) {
          c.row = row;
          c.rows = to - row < phase.block ? to - row : phase.block;
          run(words, phase.instructions, c);
        }
      }
    } else {
      c.part = c.parts;
      c.row = 0;
      c.rows = 1;
      c.thread = phase.kind == SHARED ? thread : 0;
      c.threads = phase.kind == SHARED ? threads : 1;
      if (phase.kind == SHARED || thread == 0) run(words, phase.instructions, c);
    }
    words += phase.size;
    meet();
  }
}

}  // namespace
