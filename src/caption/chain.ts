/** The configured endpoints, asked in order until one answers. */
import { TermlensError } from '../errors.ts'
import type { Captioner } from '../types.ts'
import { Failure, type FailureCode } from './adapters/failure.ts'
import { createEndpoint } from './adapters/index.ts'
import type { NamedSettings, Protocol } from './adapters/settings.ts'
import {
  type AiBinding,
  type Answer,
  type AnswerRequest,
  type DescribeRequest,
  type Endpoint,
  type Fetch,
  type Service,
  type TagRequest,
  type Tags,
  type Task,
  tasks,
} from './adapters/types.ts'
import { type BreakerState, createGuard, type Guard } from './resilience.ts'

/** Why one endpoint gave no answer. `detail` is what it said itself: for `doctor` and logs, not for callers. */
export interface Reason {
  name: string
  code: FailureCode
  message: string
  detail?: string | undefined
}

export interface Outcome<T> {
  value: T
  /** The name of the endpoint that answered. */
  source: string
  /** Those that were asked before it, in order. */
  failures: Reason[]
}

export interface ChainCall {
  signal?: AbortSignal | undefined
  /** For all endpoints and tries together; the chain's own by default. */
  deadline_ms?: number | undefined
}

/** As the endpoint's request, without its signal. After a fallback `onToken` begins again, with another `source`. */
export type Describe = Omit<DescribeRequest, 'signal' | 'onToken'> & {
  onToken?: ((token: string, source: string) => void) | undefined
}

/** Each method @throws TermlensError `caption_unavailable`, whose `cause` is the list of reasons. */
export interface Chain {
  describe(request: Describe, call?: ChainCall): Promise<Outcome<string[]>>
  answer(request: Omit<AnswerRequest, 'signal'>, call?: ChainCall): Promise<Outcome<Answer[]>>
  tag(request: Omit<TagRequest, 'signal'>, call?: ChainCall): Promise<Outcome<Tags>>
  can(task: Task): boolean
  /** What is configured and how it is: for `doctor` and metrics. */
  links(): { name: string; protocol: Protocol; tasks: Task[]; breaker: BreakerState }[]
}

/** What the runtime has: secrets by name, the Workers AI binding, `fetch` unless it is the global one. */
export interface Host {
  secret(name: string): string | undefined
  ai?: AiBinding | undefined
  fetch?: Fetch | undefined
}

interface Link {
  settings: NamedSettings
  endpoint: Endpoint
  guard: Guard
}

/** What the longest try leaves for retries and for the next endpoint, where nobody sets a deadline. */
const SPARE_MS = 10_000

/**
 * Kept for as long as the process or isolate lives: breakers remember. Nothing is sent before a task is asked for.
 * @throws TermlensError `setup_missing` when a secret or the binding that a setting names is not there
 */
export function createChain(
  captioners: readonly NamedSettings[],
  host: Host,
  {
    deadline_ms = Math.max(...captioners.map(({ timeout_ms }) => timeout_ms)) + SPARE_MS,
  }: { deadline_ms?: number } = {},
): Chain {
  const links: Link[] = captioners.map((settings) => ({
    settings,
    endpoint: createEndpoint(settings, serviceOf(settings, host)),
    guard: createGuard(settings),
  }))

  async function ask<T>(
    task: Task,
    call: ChainCall,
    run: (endpoint: Endpoint, signal: AbortSignal, name: string) => Promise<T>,
  ): Promise<Outcome<T>> {
    const deadline = Date.now() + (call.deadline_ms ?? deadline_ms)
    const failures: Reason[] = []
    for (const { settings, endpoint, guard } of links) {
      if (!endpoint[task]) continue
      try {
        const value = await guard.run((signal) => run(endpoint, signal, settings.name), {
          signal: call.signal,
          deadline,
        })
        return { value, source: settings.name, failures }
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        const { code, message, detail } = error
        failures.push({ name: settings.name, code, message, detail })
        if (code === 'cancelled' || Date.now() >= deadline) break
      }
    }
    throw unavailable(task, failures)
  }

  return {
    describe: ({ onToken, ...request }, call = {}) =>
      ask('describe', call, (endpoint, signal, name) =>
        endpoint.describe!({
          ...request,
          signal,
          onToken: onToken && ((token) => signal.aborted || onToken(token, name)),
        }),
      ),
    answer: (request, call = {}) => ask('answer', call, (endpoint, signal) => endpoint.answer!({ ...request, signal })),
    tag: (request, call = {}) => ask('tag', call, (endpoint, signal) => endpoint.tag!({ ...request, signal })),
    can: (task) => links.some(({ endpoint }) => endpoint[task]),
    links: () =>
      links.map(({ settings, endpoint, guard }) => ({
        name: settings.name,
        protocol: settings.protocol,
        tasks: tasks.filter((task) => endpoint[task]),
        breaker: guard.state(),
      })),
  }
}

/** The chain as the pipeline's captioner: one caption, named after the endpoint that gave it. */
export function toCaptioner(chain: Chain): Captioner {
  return {
    async caption(image, { signal, max_length }) {
      const { value, source } = await chain.describe({ image, max_length, n: 1 }, { signal })
      return { text: value[0]!, source }
    },
  }
}

function serviceOf({ name, key, ...settings }: NamedSettings, host: Host): Service {
  const missing = (what: string) =>
    new TermlensError('setup_missing', `The captioner "${name}" ${what}.`, { hint: 'See docs/captioning.md.' })
  if (settings.protocol === 'workers-ai' && settings.url === undefined && !host.ai) {
    throw missing('needs the binding AI, or "url" and "key" for the REST form')
  }
  const secret = key === undefined ? undefined : host.secret(key)?.trim()
  if (key !== undefined && !secret) throw missing(`needs the secret ${key}, which is not set`)
  if (secret && !/^[\x20-\x7e]+$/.test(secret))
    throw missing(`has characters in the secret ${key} that no header can carry`)
  return { fetch: host.fetch ?? ((url, init) => fetch(url, init)), secret, ai: host.ai }
}

const VERB: Record<Task, string> = { describe: 'describe pictures', answer: 'answer questions', tag: 'tag pictures' }

function unavailable(task: Task, failures: Reason[]): TermlensError {
  if (failures.length === 0) {
    return new TermlensError('caption_unavailable', `No endpoint that can ${VERB[task]} is configured.`, {
      hint: 'docs/captioning.md shows how to set one up.',
    })
  }
  const reasons = failures.map(({ name, code, message }) => `${name}: ${code} (${message})`).join('; ')
  return new TermlensError('caption_unavailable', `No endpoint answered. ${reasons}.`, { cause: failures })
}
