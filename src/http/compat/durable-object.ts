/**
 * Shared state in Durable Objects, one a session: what one instance of the Worker puts there another gets. An entry is removed when
 * it is fetched or when its time is over. The Worker's entry exports `SharedStateObject` and binds it; `durableState` uses the binding.
 */
import { type SharedState, sessionOf } from './shared-state.ts'

/** What is used of the runtime's state and storage of an object. */
interface ObjectState {
  storage: {
    get(key: string): Promise<unknown>
    put(key: string, value: unknown): Promise<void>
    delete(key: string): Promise<boolean>
    list(options?: { prefix: string }): Promise<Map<string, unknown>>
    deleteAll(): Promise<void>
    getAlarm(): Promise<number | null>
    setAlarm(time: number): Promise<void>
  }
}

/** What is used of the binding. */
export interface ObjectNamespace {
  idFromName(name: string): unknown
  get(id: never): { fetch(input: string, init?: { method: string; body: string }): Promise<Response> }
}

type Call =
  | { do: 'put'; key: string; value: unknown; ttl: number }
  | { do: 'get' | 'remove'; key: string }
  | { do: 'list'; session: string }

interface Entry {
  value: unknown
  until: number
}

const isAlive = (entry: unknown): entry is Entry => entry !== undefined && (entry as Entry).until > Date.now()

export class SharedStateObject {
  readonly #storage: ObjectState['storage']

  constructor(state: ObjectState) {
    this.#storage = state.storage
  }

  /** Only the Worker reaches this: an object has no address of its own. */
  async fetch(request: Request): Promise<Response> {
    return Response.json({ value: await this.#answer(await request.json()) })
  }

  async #answer(call: Call): Promise<unknown> {
    if (call.do === 'put') return this.#put(call.key, { value: call.value, until: Date.now() + call.ttl * 1000 })
    if (call.do === 'remove') return this.#storage.delete(call.key)
    if (call.do === 'list') {
      const entries = [...(await this.#storage.list({ prefix: `${call.session}/` }))]
      return entries.flatMap(([key, entry]) => (isAlive(entry) ? [[key, entry.value]] : []))
    }
    const entry = await this.#storage.get(call.key)
    return isAlive(entry) ? entry.value : undefined
  }

  async #put(key: string, entry: Entry): Promise<void> {
    await this.#storage.put(key, entry)
    if ((await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(entry.until)
  }

  /** Removes what is over. An object without entries has no storage and is forgotten by the runtime. */
  async alarm(): Promise<void> {
    const entries = [...(await this.#storage.list())] as [string, Entry][]
    const alive = entries.filter(([, entry]) => isAlive(entry))
    if (alive.length === 0) return this.#storage.deleteAll()
    for (const [key, entry] of entries) if (!isAlive(entry)) await this.#storage.delete(key)
    await this.#storage.setAlarm(Math.min(...alive.map(([, { until }]) => until)))
  }
}

/** The state behind a binding to `SharedStateObject`. */
export function durableState(namespace: ObjectNamespace): SharedState {
  async function call(session: string, body: Call): Promise<unknown> {
    const object = namespace.get(namespace.idFromName(session) as never)
    const response = await object.fetch('https://shared.state/', { method: 'POST', body: JSON.stringify(body) })
    return ((await response.json()) as { value?: unknown }).value
  }
  return {
    async put(key, value, ttl) {
      await call(sessionOf(key), { do: 'put', key, value, ttl })
    },
    get: (key) => call(sessionOf(key), { do: 'get', key }),
    async list(session) {
      return (await call(session, { do: 'list', session })) as [string, unknown][]
    },
    async remove(key) {
      await call(sessionOf(key), { do: 'remove', key })
    },
  }
}
