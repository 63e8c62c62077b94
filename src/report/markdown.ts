/** A fence longer than any run of backticks inside. */
export function codeBlock(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

/** Inline code that holds any text on one line, also inside a table. */
export function codeSpan(text: string): string {
  const line = text.replace(/\s*[\r\n]+\s*/g, ' ').replace(/\|/g, '\\|')
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line || ' '}\``
}
