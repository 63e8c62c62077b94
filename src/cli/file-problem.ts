/** Errors of the file system that a path or a disk of the user's brings about, and the exit code of each. */
const PROBLEMS: Readonly<Record<string, { text: string; exit: 1 | 2 }>> = {
  ENOENT: { text: 'no such file or directory', exit: 2 },
  EACCES: { text: 'permission denied', exit: 2 },
  EPERM: { text: 'not permitted', exit: 2 },
  EISDIR: { text: 'is a directory, expected a file', exit: 2 },
  ENOTDIR: { text: 'a part of the path is a file, expected a directory', exit: 2 },
  EEXIST: { text: 'already exists and is not a directory', exit: 2 },
  ENOTEMPTY: { text: 'is a directory that is not empty', exit: 2 },
  ENAMETOOLONG: { text: 'the name is too long', exit: 2 },
  ELOOP: { text: 'is a link to itself', exit: 2 },
  ENXIO: { text: 'is a device or pipe that cannot be opened', exit: 2 },
  EROFS: { text: 'the file system is read-only', exit: 2 },
  ERR_INVALID_ARG_VALUE: { text: 'is not the name of a file', exit: 2 },
  ETXTBSY: { text: 'is a program that runs', exit: 2 },
  EBUSY: { text: 'is in use', exit: 1 },
  ENOSPC: { text: 'no space left on the disk', exit: 1 },
  EDQUOT: { text: 'the disk quota is used up', exit: 1 },
  EFBIG: { text: 'is larger than a file may be', exit: 1 },
  EIO: { text: 'the disk cannot be read or written', exit: 1 },
  EPIPE: { text: 'nobody reads from it any more', exit: 1 },
  EMFILE: { text: 'too many files are open', exit: 1 },
  ENFILE: { text: 'too many files are open', exit: 1 },
  ENOTCONN: { text: 'the connection to its disk is lost', exit: 1 },
  ESTALE: { text: 'is no longer on its disk', exit: 1 },
}

const of = ({ code }: NodeJS.ErrnoException) =>
  code !== undefined && Object.hasOwn(PROBLEMS, code) ? PROBLEMS[code] : undefined

/** What is wrong with a file, in words; nothing for an error of another kind. */
export const fileProblem = (error: NodeJS.ErrnoException): string | undefined => of(error)?.text

/** The exit code of such an error: 2 where the user named something else than was meant. */
export const fileExit = (error: NodeJS.ErrnoException): 1 | 2 => of(error)?.exit ?? 1
