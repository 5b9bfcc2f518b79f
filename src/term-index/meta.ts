/** Reads section META: docs/index-format.md, section 3.4. */
import { BANK_NAME, MAX_TEMPLATES, MAX_THEMES, type Meta, type Rules } from './format.ts'

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isRules = (value: unknown): value is Rules => value === 'termlens' || value === 'original'

const isStrings = (value: unknown, max: number): value is string[] =>
  Array.isArray(value) && value.length >= 1 && value.length <= max && value.every((item) => typeof item === 'string')

/** @param fail is called with what is wrong and does not return */
export function parseMeta(bytes: Uint8Array, fail: (message: string, cause?: unknown) => never): Meta {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    return fail('META is not JSON', cause)
  }
  if (!isRecord(json)) return fail('META is not an object')
  const { bank, model, templates, themes, names, encoder } = json
  if (typeof bank !== 'string' || !BANK_NAME.test(bank)) return fail('META has no valid bank name')
  if (!isRecord(model) || typeof model.name !== 'string' || typeof model.digest !== 'string') {
    return fail('META has no model')
  }
  if (!isStrings(templates, MAX_TEMPLATES) || templates.some((template) => template.split('{}').length !== 2)) {
    return fail('META has no valid templates')
  }
  if (!isStrings(themes, MAX_THEMES)) return fail('META has no themes')
  if (names !== null && typeof names !== 'string') return fail('META has no valid language of names')
  if (!isRecord(encoder) || !isRules(encoder.rules)) return fail('META has no valid encoder settings')
  const gloss = encoder.gloss
  if (gloss !== null && typeof gloss !== 'string') return fail('META has no valid gloss pattern')
  return {
    bank,
    model: { name: model.name, digest: model.digest },
    templates,
    themes,
    names,
    encoder: { gloss, rules: encoder.rules },
  }
}
