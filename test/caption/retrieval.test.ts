import { expect, test } from 'vitest'
import { withArticle } from '../../src/caption/grammar.ts'
import { retrieveCaption } from '../../src/caption/retrieval.ts'
import { at, gallery, memoryRanker, picture, type Row } from '../prompt/helpers.ts'

const medium: Row[] = [{ term: 'a photograph', at: at(0.5, 1) }]
const retrieve = async (subject: Row[], media = medium) =>
  (await retrieveCaption(memoryRanker({ medium: media, subject }), picture)).text

test('medium and subjects in a phrase; two words for one thing are one subject', async () => {
  expect(await retrieveCaption(memoryRanker(gallery), picture)).toEqual({
    text: 'a watercolor painting of a lighthouse and a sailing boat',
    source: 'retrieval',
  })
})

test('one good subject rather than three poor ones', async () => {
  const weak = [2, 3, 4].map((axis) => ({ term: `guess ${axis}`, at: at(0.3, axis) }))
  expect(await retrieve([{ term: 'dog catching a frisbee', at: at(0.7, 9) }, ...weak])).toBe(
    'a photograph of a dog catching a frisbee',
  )
})

test('at most three subjects', async () => {
  const rows = ['cat', 'dog', 'mountains', 'snow'].map((term, n) => ({ term, at: at(0.5, 2 + n) }))
  const lamp = { term: 'lamp', at: at(0.1, 9) }
  expect(await retrieve([...rows, lamp])).toBe('a photograph of a cat, a dog and mountains')
})

test('unsafe, unproven and unaccepted labels are passed over', async () => {
  const rows: Row[] = [
    { term: 'nude', flags: ['unsafe'], at: at(0.9, 2) },
    { term: 'guess', flags: ['unproven'], at: at(0.9, 3) },
    { term: 'cat', at: at(0.6, 4) },
    { term: 'lamp', at: at(0.1, 5) },
  ]
  expect(await retrieve(rows)).toBe('a photograph of a cat')
  const accept = ({ term }: { term: string }) => term !== 'cat'
  const { text } = await retrieveCaption(memoryRanker({ medium, subject: rows }), picture, { accept })
  expect(text).toBe('a photograph of a lamp')
})

test('no portrait of a portrait', async () => {
  const media = [{ term: 'a portrait photograph', at: at(0.5, 1) }]
  const rows = [
    { term: 'portrait', at: at(0.7, 2) },
    { term: 'old man', at: at(0.6, 3) },
  ]
  expect(await retrieve(rows, media)).toBe('a portrait photograph of an old man')
})

const scored = (term: string, axis: number, score: number): Row => ({ term, at: at(0.5, axis), bonus: score - 0.5 })

test('a subject that the model does not know is not named; the medium is named alone', async () => {
  const sure = [scored('pixel art', 1, 2)]
  expect(await retrieve([scored('christ', 2, 2.9)], sure)).toBe('pixel art')
  expect(await retrieve([scored('knight', 2, 3.1), scored('christ', 3, 2.9)], sure)).toBe('pixel art of a knight')
})

test('the subject that most rows are near is passed over where it is not known itself', async () => {
  const ski = [0, 1, 2].map((n) => ({ term: `ski ${n}`, at: at(0.6, 10, 20 + n), bonus: 1.9 + n / 10 }))
  const centre = { term: 'skiing', at: at(0.6, 10), bonus: 2.3 }
  expect(await retrieve([...ski, scored('lamp', 30, 3.2), centre], [scored('a sketch', 1, 2)])).toBe(
    'a sketch of a lamp',
  )
})

test('a doubtful medium is not named beside a subject', async () => {
  expect(await retrieve([scored('cat', 2, 4)], [scored('a fresco', 1, 1.4)])).toBe('a cat')
  expect(await retrieve([scored('cat', 2, 2)], [scored('a fresco', 1, 1.4)])).toBe('a fresco')
})

test('no screenshot of a web page, no map of a diagram', async () => {
  for (const [medium, subject] of [
    ['a video game screenshot', 'playing video games'],
    ['a screenshot of a website', 'web page'],
    ['a screenshot of a user interface', 'video game'],
    ['a map', 'tree diagram'],
  ] as const) {
    const media = [{ term: medium, at: at(0.5, 1) }]
    expect(await retrieve([{ term: subject, at: at(0.6, 2) }], media)).toBe(medium)
    const rows = [
      { term: subject, at: at(0.6, 2) },
      { term: 'cat', at: at(0.59, 3) },
    ]
    expect(await retrieve(rows, media)).toBe(`${medium} ${medium.includes(' of ') ? 'with' : 'of'} a cat`)
  }
})

test('whatever there is', async () => {
  expect(await retrieve([])).toBe('a photograph')
  expect(await retrieve([{ term: 'moon', at: at(0.5, 2) }], [])).toBe('the moon')
  expect((await retrieveCaption(memoryRanker({}), picture)).text).toBe('')
})

test('articles, plurals and mass nouns', () => {
  const phrases = `a dog; an owl; an hourglass; a unicorn; a university; an umbrella; a ukulele; an x-ray image; a UFO; an SUV
    an old man; a glass of wine; a cup of coffee; a forest fire; a bus; a cactus; an octopus; a lens; a compass; a building; a wedding
    a woman dancing; a man fishing; a chef cooking in a kitchen; a wolf howling at the moon; an eagle catching a fish; a Christmas tree
    the moon; the sea; the Eiffel Tower; the Statue of Liberty; the Great Wall of China; our moon`
  for (const phrase of phrases.split(/;\s*|\n\s*/)) {
    expect(withArticle(phrase.replace(/^(a|an|the) /, ''))).toBe(phrase)
    expect(withArticle(phrase)).toBe(phrase)
  }
  const bare = `mountains; people; children; women washing clothes; birds on a wire; snow; falling snow; sushi; ice cream; furniture
    surfing; ice skating; hiking in the mountains; ballroom dancing; glasses; three eyes; Stonehenge; Mount Everest; Jesus on the cross`
  for (const phrase of bare.split(/;\s*|\n\s*/)) expect(withArticle(phrase)).toBe(phrase)
})
