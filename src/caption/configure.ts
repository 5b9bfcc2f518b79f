/** From the settings to the chain, once for an isolate or process. A mistake in them stops nothing but the endpoints. */
import { TermlensError } from '../errors.ts'
import { parseCaptioners } from './adapters/settings.ts'
import type { Picture } from './adapters/types.ts'
import { type Chain, createChain, type Host } from './chain.ts'

export interface Configured {
  chain: Chain
  /** What is wrong with the settings. The chain then refuses every task, saying this. */
  mistake?: TermlensError
}

/** Bytes of pictures that may be with endpoints or wait for one: a slow endpoint must not fill the isolate's memory. */
export const MOST_BYTES = 8_000_000

/** What the longest try leaves for retries and for the next endpoint (docs/captioning.md). */
const SPARE_MS = 10_000

/** @param setting the text of TERMLENS_CAPTIONERS */
export function configure(setting: string | undefined, host: Host): Configured {
  try {
    const captioners = parseCaptioners(setting)
    const deadline_ms = Math.max(0, ...captioners.map(({ timeout_ms }) => timeout_ms)) + SPARE_MS
    return { chain: bounded(createChain(captioners, host, { deadline_ms }), deadline_ms) }
  } catch (error) {
    if (!(error instanceof TermlensError)) throw error
    return { chain: refusing(error), mistake: error }
  }
}

function refusing(mistake: TermlensError): Chain {
  const refuse = async () => {
    throw new TermlensError('caption_unavailable', mistake.message, { hint: mistake.hint, cause: mistake })
  }
  return { describe: refuse, answer: refuse, tag: refuse, can: () => true, links: () => [] }
}

/** As `chain`, for so many bytes at once. What a request holds is given up at its deadline: in workerd one may vanish. */
function bounded(chain: Chain, deadline_ms: number): Chain {
  const held = new Set<{ bytes: number; until: number }>()

  async function hold<T>({ bytes: { length } }: Picture, task: () => Promise<T>): Promise<T> {
    const now = Date.now()
    for (const entry of held) if (entry.until <= now) held.delete(entry)
    const total = [...held].reduce((sum, { bytes }) => sum + bytes, 0)
    if (total > 0 && total + length > MOST_BYTES) {
      throw new TermlensError('caption_unavailable', 'No endpoint was asked: busy (too many pictures wait already).', {
        hint: 'Try again in a few seconds.',
      })
    }
    const entry = { bytes: length, until: now + deadline_ms }
    held.add(entry)
    try {
      return await task()
    } finally {
      held.delete(entry)
    }
  }

  return {
    ...chain,
    describe: (request, call) => hold(request.image, () => chain.describe(request, call)),
    answer: (request, call) => hold(request.image, () => chain.answer(request, call)),
    tag: (request, call) => hold(request.image, () => chain.tag(request, call)),
  }
}
