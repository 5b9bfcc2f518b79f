/** Reads a data set: rows in photos.jsonl and art.jsonl, pictures in zips, labels in vocabulary.json and artists.json. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { z } from 'zod'
import { TermlensError } from '../src/errors.ts'

export const kinds = ['medium', 'subject', 'movement', 'artist'] as const
export type Kind = (typeof kinds)[number]

export interface Row {
  id: string
  split: string
  source: string
  shard: string
  labels: Record<Kind, string[]>
  /** Written by people. */
  captions: string[]
}

export interface DataSet {
  rows: Row[]
  /** All labels of a kind, of whatever split: what a ranking is against. */
  vocabulary: Record<Kind, string[]>
  /** The text whose vector stands for a label. */
  labelText(kind: Kind, label: string): string
  /** The file of a row's picture. @throws TermlensError `input_not_found` */
  picture(row: Row): Promise<Uint8Array>
}

const rowSchema = z
  .object({
    id: z.string(),
    split: z.string(),
    source: z.string(),
    shard: z.string(),
    medium: z.string().optional(),
    subjects: z.array(z.string()).default([]),
    scene: z.string().optional(),
    movement: z.array(z.string()).default([]),
    artist: z.string().optional(),
    captions: z.array(z.string()).default([]),
  })
  .transform(({ medium, subjects, scene, movement, artist, ...row }): Row => {
    const some = (label: string | undefined) => (label === undefined ? [] : [label])
    return {
      ...row,
      labels: {
        medium: some(medium),
        subject: [...new Set([...subjects, ...some(scene)])],
        movement,
        artist: some(artist),
      },
    }
  })

const vocabularySchema = z.object({
  medium: z.array(z.string()),
  subject: z.array(z.string()),
  movement: z.array(z.string()),
  artist: z.array(z.string()),
})

const artistsSchema = z.array(
  z.object({
    name: z.string(),
    born: z.number().nullish(),
    died: z.number().nullish(),
    movements: z.array(z.string()).default([]),
    media: z.array(z.string()).default([]),
  }),
)

/** @throws TermlensError `input_not_found` where a file is missing, `option_invalid` where one is not as it should be */
export async function openDataSet(dir: string): Promise<DataSet> {
  const [photos, art, vocabulary, artists] = await Promise.all([
    readLines(join(dir, 'photos.jsonl')),
    readLines(join(dir, 'art.jsonl')),
    readJson(join(dir, 'vocabulary.json'), vocabularySchema),
    readJson(join(dir, 'artists.json'), artistsSchema),
  ])
  const glosses = new Map(artists.map((artist) => [artist.name, artistGloss(artist)]))
  let open: { shard: string; files: Record<string, Uint8Array> } | undefined

  return {
    rows: [...photos, ...art],
    vocabulary,
    labelText(kind, label) {
      if (kind !== 'artist') return label
      const gloss = glosses.get(label)
      return gloss ? `by ${label}: ${gloss}` : `by ${label}`
    },
    async picture({ shard, id }) {
      if (open?.shard !== shard) open = { shard, files: unzipSync(await read(join(dir, shard))) }
      const file = open.files[`${id}.webp`]
      if (file) return file
      throw new TermlensError('input_not_found', `${shard} has no ${id}.webp.`)
    },
  }
}

function artistGloss({ movements, media, born, died }: z.infer<typeof artistsSchema>[number]): string {
  return [...movements.slice(0, 2), ...media.slice(0, 1), ...(born && died ? [`${born}-${died}`] : [])].join(', ')
}

const read = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((cause) => {
    throw new TermlensError('input_not_found', `${path} could not be read.`, {
      hint: '--data takes a folder with photos.jsonl, art.jsonl, vocabulary.json, artists.json and the zips that the rows name.',
      cause,
    })
  })

function parse<T>(path: string, text: string, schema: z.ZodType<T>): T {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new TermlensError('option_invalid', `${path} is not JSON.`, { cause })
  }
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new TermlensError('option_invalid', `${path}: ${issue?.path.join('.')}: ${issue?.message}`)
}

const decoder = new TextDecoder()

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  return parse(path, decoder.decode(await read(path)), schema)
}

async function readLines(path: string): Promise<Row[]> {
  const lines = decoder.decode(await read(path)).split(/\r?\n/)
  return lines.flatMap((line, i) => (line === '' ? [] : [parse(`${path}:${i + 1}`, line, rowSchema)]))
}
