declare module 'virtual:one-file-viewer' {
  /** The script of `viewer.ts`, in one piece. */
  const viewer: string
  export default viewer
}
