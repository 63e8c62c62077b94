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

template <class T> Array<T> arrayOf(napi_env env, napi_value value, napi_typedarray_type wanted) {
  napi_typedarray_type type;
  Array<T> found{};
  void *data = nullptr;
  check(env, napi_get_typedarray_info(env, value, &type, &found.length, &data, nullptr, nullptr));
  if (type != wanted) check(env, napi_invalid_arg);
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

// Empty where the program has been closed.
Handle &anyHandleOf(napi_env env, napi_value value) {
  bool isOurs = false;
  check(env, napi_check_object_type_tag(env, value, &TAG, &isOurs));
  if (!isOurs) check(env, napi_invalid_arg);
  void *found = nullptr;
  check(env, napi_get_value_external(env, value, &found));
  return *(Handle *)found;
}

Handle &handleOf(napi_env env, napi_value value) {
  Handle &handle = anyHandleOf(env, value);
  if (!handle) {
    napi_throw_error(env, nullptr, "engine: the program has been closed");
    throw Failure{};
  }
  return handle;
}

// Ends a program; what is collected is told how much there is of it.
void release(napi_env env, Handle &handle) {
  if (!handle) return;
  int64_t all;
  napi_adjust_external_memory(env, -bytesOf(*handle), &all);
  handle.reset();
}

// open(words, constants, arena, scratch, parts, threads)
napi_value open(napi_env env, napi_callback_info info) {
  Arguments given(env, info, 6);
  const auto words = arrayOf<int32_t>(env, given.values[0], napi_int32_array);
  const auto constants = arrayOf<float>(env, given.values[1], napi_float32_array);
  auto handle = std::make_unique<Handle>(openProgram(words.data, words.length, constants.data, constants.length,
                                        numberOf(env, given.values[2]), numberOf(env, given.values[3]),
                                        (int)numberOf(env, given.values[4]), (int)numberOf(env, given.values[5])));
  napi_value result;
  check(env, napi_create_external(
                 env, handle.get(),
                 [](napi_env env, void *data, void *) {
                   auto *handle = (Handle *)data;
                   release(env, *handle);
                   delete handle;
                 },
                 nullptr, &result));
  int64_t all;
  napi_adjust_external_memory(env, bytesOf(**handle.release()), &all);
  check(env, napi_type_tag_object(env, result, &TAG));
  return result;
}

struct Run {
  Handle program;
  Given given;
  napi_ref kept = nullptr;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
  int last = 0;
};

std::vector<Span> spansOf(napi_env env, napi_value list) {
  uint32_t length = 0;
  check(env, napi_get_array_length(env, list, &length));
  std::vector<Span> found(length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    check(env, napi_get_element(env, list, i, &element));
    napi_typedarray_type type;
    size_t count;
    check(env, napi_get_typedarray_info(env, element, &type, &count, &found[i].data, nullptr, nullptr));
    if (type != napi_float32_array && type != napi_bigint64_array) check(env, napi_invalid_arg);
    found[i].words = (int64_t)count * (type == napi_bigint64_array ? 2 : 1);
  }
  return found;
}

// run(program, steps, carried, rows, inputs, outputs, others): arrays of typed arrays; a promise of which outputs have the last state
napi_value run(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 7);
  auto task = std::make_unique<Run>();
  task->program = handleOf(env, arguments.values[0]);
  Given &given = task->given;
  given.steps = (int)numberOf(env, arguments.values[1]);
  given.carried = (int)numberOf(env, arguments.values[2]);
  given.rows = numberOf(env, arguments.values[3]);
  given.inputs = spansOf(env, arguments.values[4]);
  given.outputs = spansOf(env, arguments.values[5]);
  given.others = spansOf(env, arguments.values[6]);
  beginRun(*task->program, given);
  napi_value kept, promise, name;
  check(env, napi_create_array_with_length(env, 4, &kept));
  for (uint32_t i = 0; i < 3; i++) check(env, napi_set_element(env, kept, i, arguments.values[4 + i]));
  check(env, napi_set_element(env, kept, 3, arguments.values[0]));
  check(env, napi_create_reference(env, kept, 1, &task->kept));
  check(env, napi_create_promise(env, &task->deferred, &promise));
  check(env, napi_create_string_utf8(env, "oxbow", NAPI_AUTO_LENGTH, &name));
  check(env, napi_create_async_work(
                 env, nullptr, name,
                 [](napi_env, void *data) {
                   auto &t = *(Run *)data;
                   t.last = runProgram(*t.program, t.given);
                 },
                 [](napi_env env, napi_status, void *data) {
                   auto *t = (Run *)data;
                   endRun(*t->program);
                   napi_value found;
                   if (t->last == OUTSIDE) {
                     napi_value text;
                     napi_create_string_utf8(env, "engine: an index is out of the bounds of its table", NAPI_AUTO_LENGTH, &text);
                     napi_create_error(env, nullptr, text, &found);
                     napi_reject_deferred(env, t->deferred, found);
                   } else {
                     napi_create_int32(env, t->last, &found);
                     napi_resolve_deferred(env, t->deferred, found);
                   }
                   napi_delete_reference(env, t->kept);
                   napi_delete_async_work(env, t->work);
                   delete t;
                 },
                 task.get(), &task->work));
  check(env, napi_queue_async_work(env, task->work));
  task.release();
  return promise;
}

// close(program): its memory and threads end now, or with the run that it is in; once more does nothing
napi_value close(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  release(env, anyHandleOf(env, arguments.values[0]));
  return nullptr;
}

napi_value instructions(napi_env env, napi_callback_info) {
  napi_value name;
  napi_create_string_utf8(env, instructionSet(), NAPI_AUTO_LENGTH, &name);
  return name;
}

// peak(seconds): operations a second of one thread, which is busy so long
napi_value peakOf(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  double seconds = 0;
  check(env, napi_get_value_double(env, arguments.values[0], &seconds));
  napi_value found;
  check(env, napi_create_double(env, peak(seconds), &found));
  return found;
}

// What a function throws, as an error of the script that called it.
template <napi_value (*function)(napi_env, napi_callback_info)> napi_value guarded(napi_env env, napi_callback_info info) try {
  return function(env, info);
} catch (const InvalidProgram &invalid) {
  napi_throw_error(env, nullptr, ("engine: the program " + invalid.what).c_str());
  return nullptr;
} catch (const Failure &) {
  return nullptr;
} catch (const std::exception &error) {
  napi_throw_error(env, nullptr, error.what());
  return nullptr;
}

napi_value start(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"open", nullptr, guarded<open>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"run", nullptr, guarded<run>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"close", nullptr, guarded<close>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"instructions", nullptr, instructions, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"peak", nullptr, guarded<peakOf>, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, 5, properties);
  return exports;
}

}  // namespace

NAPI_MODULE(oxbow, start)
