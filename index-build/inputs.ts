/** What the command line is asked about: files, folders, standard input and https addresses. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { TermlensError } from '../src/errors.ts'

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif'])
const MOST_BYTES = 20_000_000
const FETCH_TIMEOUT_MS = 30_000

/** One picture: its name as the user gave or would find it, and how to read it. */
export interface Input {
  name: string
  /** The absolute path, where the picture is a file. */
  path?: string
  read(signal?: AbortSignal): Promise<Uint8Array>
}

/** The folder the user typed the command in: npm runs scripts in the package's own folder. */
export const callerDir = (): string => process.env.INIT_CWD ?? process.cwd()

/**
 * The pictures behind `args`, in the order given; a folder gives its pictures and those below it, by name.
 * @throws TermlensError `input_not_found`
 */
export async function findInputs(args: readonly string[], folder = callerDir()): Promise<Input[]> {
  const found = await Promise.all(args.map((arg) => findOne(arg, folder)))
  return found.flat()
}

async function findOne(arg: string, folder: string): Promise<Input[]> {
  if (arg === '-') return [{ name: '-', read: async () => new Uint8Array(await buffer(process.stdin)) }]
  if (/^https?:\/\//i.test(arg)) return [{ name: arg, read: (signal) => download(arg, signal) }]
  const path = resolve(folder, arg)
  const info = await stat(path).catch((cause) => {
    throw new TermlensError('input_not_found', `There is no file or folder ${arg}.`, { cause })
  })
  if (!info.isDirectory()) return [fileInput(arg, path)]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && PICTURES.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => fileInput(join(arg, file.slice(path.length)), file))
}

const fileInput = (name: string, path: string): Input => ({
  name,
  path,
  read: async () => new Uint8Array(await readFile(path)),
})

async function download(address: string, signal?: AbortSignal): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(FETCH_TIMEOUT_MS)
  const response = await fetch(address, { signal: signal ? AbortSignal.any([signal, timeout]) : timeout }).catch(
    (cause) => {
      throw new TermlensError('url_failed', `${address} could not be fetched.`, { cause })
    },
  )
  if (!response.ok) throw new TermlensError('url_failed', `${address} answered with status ${response.status}.`)
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (bytes.length > MOST_BYTES) throw new TermlensError('image_too_large', `${address} has ${bytes.length} bytes.`)
  return bytes
}
