/** A configuration that is refused. `code` is for machines, the message one line for people. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
