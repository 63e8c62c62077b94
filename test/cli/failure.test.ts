import { expect, test } from 'vitest'
import { unexpectedLine } from '../../src/cli/unexpected.ts'
import { runtimeReason } from '../../src/runtime/reason.ts'

test.each([
  [new RangeError('Array buffer allocation failed'), /not enough memory/],
  [new RangeError('Invalid string length'), /not enough memory/],
  [new TypeError("Cannot read properties of undefined (reading 'x')"), /something failed inside Oxbow/],
  [new Error('Node () Op (Scan) [TypeInferenceError] Graph attribute inferencing failed'), /inside Oxbow/],
  [new Error('no run of the comparison succeeded'), /^no run of the comparison succeeded$/],
])('%s is said in words for people', (error, line) => {
  expect(unexpectedLine(error)).toMatch(line)
})

test.each([
  [
    "Can't create a session. ERROR_CODE: 7, ERROR_MESSAGE: protobuf parsing failed.",
    'something else, or cut short',
  ],
  [
    'Fatal error: com.acme:Warp(-1) is not a registered function/op',
    'it uses the operation Warp, which is not known here',
  ],
  ['std::bad_alloc', 'it needs more memory than there is'],
  ['[ONNXRuntimeError] : 1 : FAIL : anything else', 'its graph is not valid, or a step of it fails'],
])('the runtime: %s', (message, reason) => {
  expect(runtimeReason(new Error(message))).toBe(reason)
})
