/** Where there was too little memory, however it is said. */
const MEMORY =
  /allocation failed|bad_alloc|allocate memory|out of memory|Invalid (typed )?array length|Invalid string length|ERR_OUT_OF_RANGE/i

/** Errors of the language, of libraries and of the runtime, whose words mean nothing to whoever runs a command. */
const INTERNAL = new Set([
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'ZodError',
  'AssertionError',
])
const OF_THE_RUNTIME = /onnxruntime|ERROR_CODE|^Node \(|Non-zero status code|InferenceError/i

/** A failure that is none of the user's and was not foreseen, in a line. */
export function unexpectedLine({ name, message }: Error): string {
  if (name === 'RuntimeLoadError') return message
  if (MEMORY.test(message)) {
    return 'there is not enough memory for this; ask for fewer points, a smaller batch or a smaller network'
  }
  if (INTERNAL.has(name) || OF_THE_RUNTIME.test(message)) {
    return 'something failed inside Oxbow that should not have; run the command again with --debug to see where, and report it'
  }
  return message
}
