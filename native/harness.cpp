// Runs programs from a file without Node, so that a sanitizer sees them: harness CASES OUTPUTS
//
// A case, as test/runtime/cpu/harness.ts writes it, is of numbers of 64 bits, then data:
//   words, constants, arena, scratch, parts, steps, carried, rows, inputs, outputs: how many
//   the words and constants themselves, and each input as its size in words of 32 bits with its data; the size of each output
//   changes: how many; each is a number of pairs (place, word) that are put into the program together
// A case without changes runs with 1, 2 and 4 threads, whose outputs must be equal to the bit, and which are written. One with
// changes only runs those, each of which must be refused or end.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine.h"

namespace {

const int THREADS[] = {1, 2, 4};

[[noreturn]] void fail(const char *why) {
  fprintf(stderr, "harness: %s\n", why);
  exit(1);
}

FILE *opened(const char *path, const char *mode) {
  FILE *file = fopen(path, mode);
  if (!file) fail(path);
  return file;
}

template <class T> std::vector<T> array(FILE *file, int64_t count) {
  std::vector<T> found(count);
  if (count > 0 && fread(found.data(), sizeof(T), count, file) != (size_t)count) fail("the file is cut short");
  return found;
}

int64_t number(FILE *file) { return array<int64_t>(file, 1)[0]; }

struct Case {
  std::vector<int32_t> words;
  std::vector<float> constants;
  int64_t arena, scratch;
  int parts, steps, carried;
  int64_t rows;
  std::vector<std::vector<int32_t>> inputs;
  std::vector<int64_t> outputs;
  std::vector<std::vector<int64_t>> changes;
};

Case read(FILE *file, int64_t wordCount) {
  Case found;
  const int64_t constantCount = number(file);
  found.arena = number(file);
  found.scratch = number(file);
  found.parts = (int)number(file);
  found.steps = (int)number(file);
  found.carried = (int)number(file);
  found.rows = number(file);
  const int64_t inputs = number(file), outputs = number(file);
  found.words = array<int32_t>(file, wordCount);
  found.constants = array<float>(file, constantCount);
  for (int64_t i = 0; i < inputs; i++) {
    const int64_t size = number(file);
    found.inputs.push_back(array<int32_t>(file, size));
  }
  found.outputs = array<int64_t>(file, outputs);
  for (int64_t left = number(file); left > 0; left--) {
    const int64_t pairs = number(file);
    found.changes.push_back(array<int64_t>(file, 2 * pairs));
  }
  return found;
}

typedef std::vector<std::vector<float>> Outputs;

Outputs run(const Case &given, const std::vector<int32_t> &words, int threads) {
  const auto program = openProgram(words.data(), (int64_t)words.size(), given.constants.data(), (int64_t)given.constants.size(),
                                   given.arena, given.scratch, given.parts, threads);
  // Places of their own, of exactly their size.
  auto inputs = given.inputs;
  Outputs outputs, others;
  for (int64_t size : given.outputs) {
    outputs.emplace_back(size);
    others.emplace_back(size);
  }
  Given spans;
  spans.steps = given.steps;
  spans.carried = given.carried;
  spans.rows = given.rows;
  for (auto &each : inputs) spans.inputs.push_back({each.data(), (int64_t)each.size()});
  for (size_t i = 0; i < outputs.size(); i++) {
    const Span span{outputs[i].data(), (int64_t)outputs[i].size()};
    spans.outputs.push_back(span);
    spans.others.push_back((int)i < given.carried ? Span{others[i].data(), span.words} : span);
  }
  beginRun(*program, spans);
  const int last = runProgram(*program, spans);
  endRun(*program);
  for (int i = 0; last == 1 && i < given.carried; i++) outputs[i] = others[i];
  return outputs;
}

void compare(int number, int threads, const Outputs &one, const Outputs &found) {
  for (size_t i = 0; i < one.size(); i++)
    for (size_t k = 0; k < one[i].size(); k++) {
      // Which of two NaNs a sum is has no meaning, and compilers swap their places.
      const float a = one[i][k], b = found[i][k];
      if (memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b)) continue;
      fprintf(stderr, "harness: case %d, output %zu, place %zu: %a with 1 thread, %a with %d\n", number, i, k, a, b, threads);
      exit(1);
    }
}

}  // namespace

int main(int count, char **paths) {
  if (count != 3) fail("expected a file of cases and one for outputs");
  FILE *in = opened(paths[1], "rb"), *out = opened(paths[2], "wb");
  int64_t words;
  int cases = 0, survived = 0, refused = 0;
  while (fread(&words, sizeof words, 1, in) == 1) {
    const Case given = read(in, words);
    cases++;
    for (const auto &change : given.changes) {
      auto changed = given.words;
      for (size_t i = 0; i < change.size(); i += 2) changed.at(change[i]) = (int32_t)change[i + 1];
      try {
        run(given, changed, 2);
        survived++;
      } catch (const InvalidProgram &) {
        refused++;
      }
    }
    if (!given.changes.empty()) continue;
    Outputs first;
    for (int threads : THREADS) {
      const Outputs found = run(given, given.words, threads);
      if (first.empty()) first = found;
      else compare(cases, threads, first, found);
    }
    for (const auto &each : first) fwrite(each.data(), sizeof(float), each.size(), out);
  }
  fclose(in);
  if (fclose(out) != 0) fail(paths[2]);
  printf("%s %d %d %d\n", instructionSet(), cases, survived, refused);
}
