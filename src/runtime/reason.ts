/** What ONNX Runtime's messages mean, in words for people. */
const REASONS: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/protobuf parsing failed|INVALID_PROTOBUF/i, () => 'something else, or cut short'],
  [/IR version|under development|not officially supported/i, () => 'made for a newer version of ONNX'],
  [/([\w.]+)\(-?\d+\) is not a registered/, name => `it uses the operation ${name}, which is not known here`],
  [
    /Could not find an implementation for ([\w.]+)/,
    name => `it uses the operation ${name} in a way not known here`,
  ],
  [/external data|model_path/i, () => 'its weights are in another file'],
  [/alloc|out of memory/i, () => 'it needs more memory than there is'],
  [
    /invalid dimensions|Invalid rank|Unexpected input data type/i,
    () => 'its inputs have other shapes or types',
  ],
]

/** Why the runtime refuses a model or cannot run it. */
export function runtimeReason({ message }: Error): string {
  for (const [pattern, reason] of REASONS) {
    const match = pattern.exec(message)
    if (match) return reason(match[1])
  }
  return 'its graph is not valid, or a step of it fails'
}
