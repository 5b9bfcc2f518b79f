/** Tags as the foreign programs order and write them. */
import type { EmbeddedTag } from '../../tasks.ts'

/** A backslash before each of `\ ( )`: what keeps a prompt from reading them as weights. */
export const escapeBrackets = (name: string): string => name.replaceAll(/[\\()]/g, '\\$&')

export const byName = (a: EmbeddedTag, b: EmbeddedTag): number => (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0)
