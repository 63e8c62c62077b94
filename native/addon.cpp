// The engine as a module of Node: https://nodejs.org/api/n-api.html
#include <node_api.h>

#include <vector>

#include "engine.h"

namespace {

struct Failure {};

void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, "engine: an argument is not what it should be");
  throw Failure{};
}

template <class T> struct Array {
  T *data;
  size_t length;
};

template <class T> Array<T> arrayOf(napi_env env, napi_value value) {
  napi_typedarray_type type;
  Array<T> found{};
  void *data = nullptr;
  check(env, napi_get_typedarray_info(env, value, &type, &found.length, &data, nullptr, nullptr));
  found.data = (T *)data;
  return found;
}

int64_t numberOf(napi_env env, napi_value value) {
  int64_t found = 0;
  check(env, napi_get_value_int64(env, value, &found));
  return found;
}

struct Arguments {
  napi_value values[8];

  Arguments(napi_env env, napi_callback_info info, size_t wanted) {
    size_t count = 8;
    check(env, napi_get_cb_info(env, info, &count, values, nullptr, nullptr));
    if (count < wanted) check(env, napi_invalid_arg);
  }
};

typedef std::shared_ptr<Program> Handle;

// Names what a program is an `External` of, so that another's is refused.
const napi_type_tag TAG = {0x6f78626f77637075, 0x70726f6772616d31};

Handle &handleOf(napi_env env, napi_value value) {
  bool isOurs = false;
  check(env, napi_check_object_type_tag(env, value, &TAG, &isOurs));
  if (!isOurs) check(env, napi_invalid_arg);
  void *found = nullptr;
  check(env, napi_get_value_external(env, value, &found));
  return *(Handle *)found;
}

// open(words, constants, arena, scratch, parts, threads)
napi_value open(napi_env env, napi_callback_info info) try {
  Arguments given(env, info, 6);
  const auto words = arrayOf<int32_t>(env, given.values[0]);
  const auto constants = arrayOf<float>(env, given.values[1]);
  auto *handle = new Handle(openProgram(words.data, words.length, constants.data, constants.length,
                                        numberOf(env, given.values[2]), numberOf(env, given.values[3]),
                                        (int)numberOf(env, given.values[4]), (int)numberOf(env, given.values[5])));
  napi_value result;
  check(env, napi_create_external(
                 env, handle, [](napi_env, void *data, void *) { delete (Handle *)data; }, nullptr, &result));
  check(env, napi_type_tag_object(env, result, &TAG));
  return result;
} catch (const InvalidProgram &invalid) {
  napi_throw_error(env, nullptr, ("engine: the program " + invalid.what).c_str());
  return nullptr;
} catch (const Failure &) {
  return nullptr;
} catch (const std::exception &error) {
  napi_throw_error(env, nullptr, error.what());
  return nullptr;
}

struct Run {
  Handle program;
  int steps, carried;
  long rows;
  std::vector<const void *> inputs;
  std::vector<long> inputSteps;
  std::vector<float *> outputs, others;
  std::vector<long> outputSteps;
  napi_ref kept = nullptr;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
  int last = 0;
};

// run(program, steps, carried, rows, inputs, outputs, others): arrays of typed arrays; a promise of which outputs have the last state
napi_value run(napi_env env, napi_callback_info info) try {
  Arguments given(env, info, 7);
  auto *task = new Run{handleOf(env, given.values[0])};
  task->steps = (int)numberOf(env, given.values[1]);
  task->carried = (int)numberOf(env, given.values[2]);
  task->rows = numberOf(env, given.values[3]);
  const auto each = [env](napi_value list, auto use) {
    uint32_t length = 0;
    check(env, napi_get_array_length(env, list, &length));
    for (uint32_t i = 0; i < length; i++) {
      napi_value element;
      check(env, napi_get_element(env, list, i, &element));
      napi_typedarray_type type;
      size_t count;
      void *data;
      check(env, napi_get_typedarray_info(env, element, &type, &count, &data, nullptr, nullptr));
      const long size = type == napi_bigint64_array || type == napi_float64_array ? 8 : type == napi_uint8_array ? 1 : 4;
      use(data, (long)count, size);
    }
  };
  const long steps = task->steps > 0 ? task->steps : 1;
  each(given.values[4], [&](void *data, long count, long size) {
    task->inputs.push_back(data);
    task->inputSteps.push_back(count * size / steps);
  });
  each(given.values[5], [&](void *data, long count, long) {
    task->outputs.push_back((float *)data);
    task->outputSteps.push_back(count / steps);
  });
  each(given.values[6], [&](void *data, long, long) { task->others.push_back((float *)data); });
  napi_value kept, promise, name;
  check(env, napi_create_array_with_length(env, 4, &kept));
  for (uint32_t i = 0; i < 3; i++) check(env, napi_set_element(env, kept, i, given.values[4 + i]));
  check(env, napi_set_element(env, kept, 3, given.values[0]));
  check(env, napi_create_reference(env, kept, 1, &task->kept));
  check(env, napi_create_promise(env, &task->deferred, &promise));
  check(env, napi_create_string_utf8(env, "oxbow", NAPI_AUTO_LENGTH, &name));
  check(env, napi_create_async_work(
                 env, nullptr, name,
                 [](napi_env, void *data) {
                   auto &t = *(Run *)data;
                   t.last = runProgram(*t.program, t.steps, t.carried, t.inputs.data(), t.inputSteps.data(),
                                       (int)t.inputs.size(), t.outputs.data(), t.others.data(), t.outputSteps.data(),
                                       (int)t.outputs.size(), t.rows);
                 },
                 [](napi_env env, napi_status, void *data) {
                   auto *t = (Run *)data;
                   napi_value last;
                   napi_create_int32(env, t->last, &last);
                   napi_resolve_deferred(env, t->deferred, last);
                   napi_delete_reference(env, t->kept);
                   napi_delete_async_work(env, t->work);
                   delete t;
                 },
                 task, &task->work));
  check(env, napi_queue_async_work(env, task->work));
  return promise;
} catch (const Failure &) {
  return nullptr;
}

napi_value instructions(napi_env env, napi_callback_info) {
  napi_value name;
  napi_create_string_utf8(env, instructionSet(), NAPI_AUTO_LENGTH, &name);
  return name;
}

napi_value start(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"open", nullptr, open, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"run", nullptr, run, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"instructions", nullptr, instructions, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, 3, properties);
  return exports;
}

}  // namespace

NAPI_MODULE(oxbow, start)
