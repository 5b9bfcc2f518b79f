/** What the command line is asked about: files, folders, standard input and https addresses. */
import { readdir, readFile, stat } from 'node:fs/promises'
import nodePath, { type PlatformPath } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { TermlensError } from '../src/errors.ts'

const PICTURES = new Set(['.jpg', '.jpeg', '.jfif', '.png', '.webp', '.gif', '.avif'])
const MOST_BYTES = 20_000_000
const FETCH_TIMEOUT_MS = 30_000

/** One picture: its name as the user gave or would find it, and how to read it. */
export interface Input {
  name: string
  /** The absolute path, where the picture is a file. */
  path?: string
  /** @throws TermlensError `input_not_found`, `image_too_large`, `url_failed` */
  read(signal?: AbortSignal): Promise<Uint8Array>
}

const root = nodePath.resolve(fileURLToPath(new URL('..', import.meta.url)))

/** The folder the user typed the command in: npm runs scripts in the package's own folder, and leaves the user's in INIT_CWD. */
export const callerDir = (cwd = process.cwd(), initCwd = process.env.INIT_CWD): string =>
  initCwd && nodePath.resolve(cwd) === root ? initCwd : cwd

/**
 * The pictures behind `args`, in the order given; a folder gives its pictures and those below it, by name.
 * What is not there is an input too, one that cannot be read: it is named when its turn comes, and the others go on.
 */
export async function findInputs(args: readonly string[], folder = callerDir()): Promise<Input[]> {
  const found = await Promise.all(args.map((arg) => findOne(arg, folder)))
  return found.flat()
}

async function findOne(arg: string, folder: string): Promise<Input[]> {
  if (arg === '-') return [{ name: '-', read: (signal) => readStdin(signal) }]
  if (/^https?:\/\//i.test(arg)) return [{ name: arg, read: (signal) => download(arg, signal) }]
  const path = nodePath.resolve(folder, arg)
  const isFolder = await stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  )
  if (!isFolder) return [fileInput(arg, path)]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => nodePath.relative(path, nodePath.join(entry.parentPath, entry.name)))
    .filter((below) => isPicture(below))
    .sort()
    .map((below) => fileInput(nodePath.join(arg, below), nodePath.join(path, below)))
}

/** Whether a file, by its path below the folder asked about, is a picture; hidden files and what lies in hidden folders are not. */
export const isPicture = (below: string, { extname, sep }: Pick<PlatformPath, 'extname' | 'sep'> = nodePath): boolean =>
  PICTURES.has(extname(below).toLowerCase()) && !below.split(sep).some((part) => part.startsWith('.'))

const fileInput = (name: string, path: string): Input => ({
  name,
  path,
  read: async () => {
    try {
      const { size } = await stat(path)
      if (size > MOST_BYTES) throw tooLarge(`The file has ${size} bytes`)
      return new Uint8Array(await readFile(path))
    } catch (cause) {
      if (cause instanceof TermlensError) throw cause
      const { code, message } = cause as NodeJS.ErrnoException
      const why = code === 'ENOENT' ? 'There is no such file or folder.' : `It cannot be read: ${code ?? message}.`
      throw new TermlensError('input_not_found', why, { cause })
    }
  },
})

async function readStdin(signal?: AbortSignal): Promise<Uint8Array> {
  const stdin: Readable = process.stdin
  return collect(signal ? addAbortSignal(signal, stdin) : stdin, 'Standard input')
}

async function download(address: string, signal?: AbortSignal): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(FETCH_TIMEOUT_MS)
  try {
    const response = await fetch(address, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
    if (!response.ok) throw new TermlensError('url_failed', `The address answered with status ${response.status}.`)
    return await collect(response.body ?? [], 'The answer')
  } catch (cause) {
    if (cause instanceof TermlensError) throw cause
    const why = timeout.aborted
      ? `did not answer within ${FETCH_TIMEOUT_MS / 1000} seconds`
      : `could not be fetched: ${reasonOf(cause)}`
    throw new TermlensError('url_failed', `The address ${why}.`, { cause })
  }
}

/** `fetch failed` hides what failed in its cause, which may name several attempts and have no words of its own. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  const { message: words, code } = (cause ?? {}) as { message?: string; code?: string }
  return words || code || message
}

/** The bytes of a stream; one that is too long is left as soon as that shows. */
async function collect(stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, subject: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > MOST_BYTES) throw tooLarge(`${subject} has more than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const tooLarge = (what: string) => new TermlensError('image_too_large', `${what}; 20 MB are the most.`)
