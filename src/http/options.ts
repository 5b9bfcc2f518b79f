/** Turns options as they came into options as the pipeline takes them. */
import type { z } from '@hono/zod-openapi'
import { TermlensError } from '../errors.ts'
import type { Warning } from '../types.ts'
import type { RawOptions } from './input.ts'

const LISTS = new Set(['banks', 'include', 'exclude', 'additional_tags'])

/** An empty field of a form, and null in JSON, are as if they were not there. */
const isGiven = (value: unknown): boolean => value !== '' && value !== null

/**
 * Validates `raw` with `schema`. A name that the schema does not know is no error, but a warning that names it.
 * @throws TermlensError `mode_unknown` or `option_invalid`, naming the option
 */
export function parseOptions<T extends z.ZodObject>(
  schema: T,
  raw: RawOptions,
): { options: z.infer<T>; warnings: Warning[] } {
  const entries = Object.entries(raw)
  const known = entries.filter(([name, value]) => Object.hasOwn(schema.shape, name) && isGiven(value))
  const warnings = entries
    .filter(([name]) => !Object.hasOwn(schema.shape, name))
    .map(([name]) => ({
      code: 'option_unknown',
      message: `"${name.slice(0, 64)}" is not an option of this route and was ignored.`,
    }))
  const listed = known.map(([name, value]) => [name, LISTS.has(name) && typeof value === 'string' ? [value] : value])
  const result = schema.safeParse(Object.fromEntries(listed))
  if (result.success) return { options: result.data, warnings }
  const [issue] = result.error.issues
  const name = issue?.path.join('.') ?? ''
  if (name === 'mode') throw new TermlensError('mode_unknown', `There is no mode "${String(raw.mode).slice(0, 64)}".`)
  throw new TermlensError('option_invalid', `${name}: ${issue?.message}`)
}
