/**
 * The one function of the Space "CLIP Interrogator 2": `clipi2(image, mode, best_max_flavors)` → the prompt and three updates that
 * show the Space's buttons. Modes are best, classic and fast, and anything else is fast; `best_max_flavors`, a number or a text,
 * counts in best alone.
 */
import type { Context } from 'hono'
import { z } from 'zod'
import { TermlensError } from '../../errors.ts'
import type { CompatDeps, CompatEnv } from './deps.ts'
import { hasLeft, logFailure } from './failure.ts'
import { readImage } from './image.ts'
import { type Mode, readingOf } from './reading.ts'

/** What a client sends, in every protocol. */
export const runRequest = z.object({
  data: z.array(z.unknown()),
  fn_index: z.number().nullish(),
  session_hash: z.string().nullish(),
})

/** Arguments by name, as newer clients may send them. */
export const namedRequest = z.object({ image: z.unknown(), mode: z.unknown(), best_max_flavors: z.unknown() }).partial()

export type Outcome = { ok: true; data: unknown[]; seconds: number } | { ok: false; error: string; status: number }

const MODES = ['best', 'classic', 'fast']
export const FLAVORS = { default: 4, min: 2, max: 48 }

const SHOWN = { __type__: 'update', visible: true }

/**
 * Runs the function. A failure is a value, for it may have to be told later, in a stream.
 * @param signal ends it early: by default when the client leaves, with null never
 */
export async function runJob(
  c: Context<CompatEnv>,
  deps: CompatDeps,
  data: readonly unknown[],
  signal: AbortSignal | null = c.req.raw.signal,
): Promise<Outcome> {
  const start = Date.now()
  try {
    const [image, ...options] = data
    const mode = (options.find((option) => MODES.includes(option as string)) ?? 'fast') as Mode
    const reading = await readingOf(c, deps, readImage(imageText(image)), signal)
    const limits = mode === 'best' ? { max_flavors: flavorsOf(options) } : {}
    const { prompt } = await reading.prompt(mode, limits)
    return { ok: true, data: [prompt, SHOWN, SHOWN, SHOWN], seconds: (Date.now() - start) / 1000 }
  } catch (error) {
    if (hasLeft(c, error as Error)) throw error
    const known = error instanceof TermlensError
    const status = known && error.status < 500 ? error.status : 500
    logFailure(deps, c, status, error as Error)
    return { ok: false, status, error: known ? `${error.message} ${error.hint}` : 'Something went wrong here.' }
  }
}

/** The number among the options: it stands last, and the oldest Spaces have a model's name before the mode. */
function flavorsOf(options: readonly unknown[]): number {
  const value = options.findLast((option) => typeof option === 'number' || /^\d+(\.\d+)?$/.test(String(option ?? '')))
  const count = value === undefined ? FLAVORS.default : Math.round(Number(value))
  return Math.min(FLAVORS.max, Math.max(FLAVORS.min, count))
}

/** A file as the client wrote it: `path` is what an upload was answered with, `name` its place in gradio 3. */
const file = z
  .object({
    path: z.string().nullable(),
    url: z.string().nullable(),
    data: z.string().nullable(),
    name: z.string().nullable(),
  })
  .partial()

/** The text that holds the picture: a data URI, bare or in one of the file objects that gradio has had. */
function imageText(value: unknown): string {
  if (typeof value === 'string') return value
  const parsed = file.safeParse(value)
  if (!parsed.success) throw new TermlensError('image_missing', 'The first argument is no image.')
  const { data, path, name, url } = parsed.data
  return [data, path, name, url].find((text) => typeof text === 'string' && text !== '') ?? ''
}
