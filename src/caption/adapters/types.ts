/** What every GPU endpoint can be asked, whatever it speaks. */

/** An encoded picture, already reduced and without metadata: the bytes go to the endpoint as they are. */
export interface Picture {
  bytes: Uint8Array
  /** Its media type: `image/jpeg` or `image/png`. */
  type: string
}

export interface DescribeRequest {
  image: Picture
  /** What to say to the model; without it the endpoint's own `prompt` setting, then a default. */
  prompt?: string | undefined
  /** Most tokens of a caption. */
  max_length?: number | undefined
  /** Candidates wanted: at most so many come back, at least one. */
  n: number
  /** Gets the caption piece by piece where the protocol streams and `n` is 1. */
  onToken?: ((token: string) => void) | undefined
  signal: AbortSignal
}

export interface AnswerRequest {
  image: Picture
  question: string
  n: number
  signal: AbortSignal
}

export interface TagRequest {
  image: Picture
  signal: AbortSignal
}

export interface Answer {
  text: string
  /** 0–1, where the protocol has one. */
  confidence?: number
}

/** Scores 0–1 by booru name, underscores kept; `rating` is null where the endpoint rates nothing. */
export interface Tags {
  rating: Record<string, number> | null
  tags: Record<string, number>
}

/** A task that an endpoint cannot do has no method. Each rejects with a `Failure`. */
export interface Endpoint {
  describe?(request: DescribeRequest): Promise<string[]>
  answer?(request: AnswerRequest): Promise<Answer[]>
  tag?(request: TagRequest): Promise<Tags>
}

export type Task = keyof Endpoint
export const tasks = ['describe', 'answer', 'tag'] as const satisfies readonly Task[]

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** The part of the Workers AI binding that is used. */
export interface AiBinding {
  run(
    model: string,
    input: Record<string, unknown>,
    options: { returnRawResponse: true; signal: AbortSignal },
  ): Promise<Response>
}

/** How an adapter reaches its endpoint. `secret` is the value behind the setting `key`. */
export interface Service {
  fetch: Fetch
  secret?: string | undefined
  ai?: AiBinding | undefined
}
