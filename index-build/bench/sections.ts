/** The sections of the bench, by name, in their order. */
import { indexSection } from './index-section.ts'
import type { Table } from './markdown.ts'
import { requestSection } from './request.ts'

/** @param runs how often what varies is repeated */
type Section = (runs: number) => Promise<Table[]>

export const SECTIONS: Record<string, Section> = { request: requestSection, index: indexSection }
