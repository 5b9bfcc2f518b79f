/** What a model was shown of a term decides whether a prompt volunteers it. */
import { expect, test } from 'vitest'
import type { Bank } from '../../index-build/banks.ts'
import { calibrate, measureSpread } from '../../index-build/calibration.ts'
import { PROVEN, rowEvidence } from '../../index-build/evidence.ts'

/** Texts at these angles, in degrees, on a circle. */
const angles: Record<string, number> = {
  photograph: 0,
  etching: 90,
  'a photograph': 0,
  'a snapshot': 20,
  'an etching': 90,
  'a hologram': 180,
}
const vectorOf = (text: string) =>
  Float32Array.of(Math.cos((angles[text]! * Math.PI) / 180), Math.sin((angles[text]! * Math.PI) / 180))
const encoder = { encode: async (texts: string[]) => texts.map(vectorOf) }
const bank = {
  name: 'medium',
  templates: ['{}'],
  terms: ['a photograph', 'a snapshot', 'an etching', 'a hologram'].map((term) => ({ term })),
} as Bank
const vectors = bank.terms.map(({ term }) => vectorOf(term))

test('a label counts by its pictures, its neighbours by their cosine, what is far from all not at all', async () => {
  const evidence = await rowEvidence(
    bank,
    vectors,
    { medium: { photograph: 999, etching: 1 }, subject: { hologram: 999 } },
    encoder,
  )
  expect(evidence[0]).toBeCloseTo(0.999)
  expect(evidence[1]).toBeCloseTo(0.999 * Math.cos((20 * Math.PI) / 180))
  expect(evidence[2]).toBeCloseTo(0.5)
  expect(evidence[3]).toBeLessThan(PROVEN)
})

test('a model that names no labels is trusted in all', async () => {
  expect([...(await rowEvidence(bank, vectors, null, encoder))]).toEqual([1, 1, 1, 1])
})

test('scores lessen hubs by half of their mean, and rows by their lack of evidence', async () => {
  const pictures = [0, 10, 80].map((angle) =>
    Float32Array.of(Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)),
  )
  const spread = await measureSpread(vectors, pictures)
  const full = calibrate({ ...spread, evidence: Float32Array.of(1, 1, 1, 1) })
  const half = calibrate({ ...spread, evidence: Float32Array.of(1, 0.5, 1, 0) })
  const mean = (Math.cos(0) + Math.cos(Math.PI / 18) + Math.cos((80 * Math.PI) / 180)) / 3
  expect(full.offset[0]).toBeCloseTo(mean / 2)
  expect(half.scale[1]! / full.scale[1]!).toBeCloseTo(0.5)
  expect(half.scale[3]).toBeGreaterThan(0)
})
