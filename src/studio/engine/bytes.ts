import { Unzlib, zlibSync } from 'fflate'

/** Bytes as text that a URL takes, and back. */
export const toText = (bytes: Uint8Array): string => {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

export const fromText = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), char => char.charCodeAt(0))

export const pack = (bytes: Uint8Array): string => toText(zlibSync(bytes, { level: 9 }))

/**
 * @param most  bytes that are accepted
 * @throws Error when the text is damaged or holds more
 */
export function unpack(text: string, most: number): Uint8Array {
  const parts: Uint8Array[] = []
  let length = 0
  const inflate = new Unzlib(part => {
    length += part.length
    if (length > most) throw new Error(`expected at most ${most} bytes`)
    parts.push(part)
  })
  inflate.push(fromText(text), true)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
