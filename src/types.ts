/** The few types that more than one room needs. No imports. */

/** A decoded picture: oriented, sRGB, 8 bits a channel, rows top to bottom, no padding. `data.length === width * height * 4`. */
export interface Pixels {
  width: number
  height: number
  data: Uint8Array
}

/** What a model takes: `data` is NCHW float32 and `dims` its shape, `[1, 3, height, width]` for a picture. */
export interface Tensor {
  data: Float32Array
  dims: readonly number[]
}

/** How pixels become a model's input. */
export interface ImageSpec {
  /** Side of the square input, in pixels. */
  size: number
  /** `shortest`: the shorter side becomes `size`, then a centre crop. `squash`: both sides become `size`. `pad`: padded to a white square first. */
  resize: 'shortest' | 'squash' | 'pad'
  interpolation: 'bicubic' | 'bilinear'
  /** Per channel, RGB, of values scaled to 0–1. */
  mean: readonly [number, number, number]
  std: readonly [number, number, number]
}

/** The text tower of a model: `text.tower` of its spec. */
export interface TextTower {
  /** The weights; compressed with gzip where the name ends in `.gz`. */
  file: string
  format: 'onnx' | 'ort'
  input_ids: string
  /** Null where the model takes one text without padding and so needs no mask. */
  attention_mask: string | null
  output: string
  /** Start and end token included; of longer texts the beginning is encoded. */
  max_tokens: number
  /** The model's `tokenizer.json`. */
  tokenizer: string
  /** SHA-256 of `file`, in hex. */
  digest: string
}

/** Everything that distinguishes one model from another: the JSON beside the weights. */
export interface ModelSpec {
  name: string
  /** SHA-256 of the vision file, in hex: names the embedding space. */
  digest: string
  embedding_size: number
  vision: { file: string; format: 'onnx' | 'ort'; input: string; output: string }
  image: ImageSpec
  similarity: { kind: 'cosine' } | { kind: 'sigmoid'; scale: number; bias: number }
  text: {
    /** Base name of the committed text vectors (`<cache>.txt`, `<cache>.bin`): what they have need not be encoded. */
    cache?: string
    tower?: TextTower
    /** File with the training pictures per label, by kind: what the model has evidence for. */
    labels?: string
    /** How a term with a gloss is encoded, with `{term}` and `{gloss}`; null where glosses are not for this model. */
    gloss: string | null
  }
  license: string
  card: string
}

/** Turns tensors into embeddings of unit length. */
export interface ImageEncoder {
  encode(tensors: Tensor[]): Promise<Float32Array[]>
}

/** Turns texts into embeddings of unit length, in the space of the image encoder. */
export interface TextEncoder {
  encode(texts: string[]): Promise<Float32Array[]>
}

/** Counts the tokens of whoever will read the prompt. */
export interface TokenCounter {
  /** Tokens of `text`, without start and end token. */
  count(text: string): number
}

export type Flag = 'person' | 'living' | 'unsafe' | 'unproven'

/** One label row of a bank: a term seen through one of its templates. */
export interface Label {
  /** What stands in a prompt: `by Claude Monet`. */
  text: string
  /** The bare term: `Claude Monet`. */
  term: string
  /** The term's name in the language asked for, if the bank has one. */
  name?: string
  flags: Flag[]
}

/** A row found by a search. `score` is `similarity` after the row's calibration; equal to it where there is none. */
export interface Ranked extends Label {
  bank: string
  /** Row number in its bank: stable within one index. */
  row: number
  /** Plain cosine, -1 to 1. */
  similarity: number
  score: number
}

/** A row with its vector: what greedy selection in embedding space works on. */
export interface Candidate extends Ranked {
  vector: Float32Array
}

export interface RankOptions {
  /** Only rows without any of these flags come back; k results still do. */
  without?: readonly Flag[]
  /** Worst first instead of best first. */
  reverse?: boolean
  /** `score` orders by the calibrated value, `similarity` by the plain cosine. */
  by?: 'score' | 'similarity'
  lang?: string
}

/** Rankings of a bank for an embedding: the static index, or something that answers like it. */
export interface Ranker {
  banks(): readonly BankInfo[]
  /** The `k` best rows of `bank`, best first; ties by row number. */
  rank(bank: string, embedding: Float32Array, k: number, options?: RankOptions): Promise<Ranked[]>
  /** Like `rank`, with each row's vector (unit length within the error of its storage). */
  candidates(bank: string, embedding: Float32Array, k: number, options?: RankOptions): Promise<Candidate[]>
}

export interface BankInfo {
  name: string
  terms: number
  rows: number
}

export interface Caption {
  text: string
  /** `retrieval`, `option`, or the name of the captioner. */
  source: string
}

/** Describes a picture in words. `image` is encoded, without metadata. Rejects with a `TermlensError`. */
export interface Captioner {
  caption(
    image: { bytes: Uint8Array; type: string },
    options: { signal?: AbortSignal; max_length?: number },
  ): Promise<Caption>
}

/** Something the caller should know about an answer that still came. */
export interface Warning {
  code: string
  message: string
}
