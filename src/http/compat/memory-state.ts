/** Shared state in this process: for the Node server, and for tests. */
import type { SharedState } from './shared-state.ts'

/** @param most entries; the oldest make room for new ones */
export function memoryState({ most = 10_000, now = Date.now } = {}): SharedState {
  const entries = new Map<string, { value: unknown; until: number }>()
  const alive = (key: string) => {
    const entry = entries.get(key)
    if (entry && entry.until > now()) return entry
    entries.delete(key)
    return undefined
  }
  return {
    async put(key, value, ttl) {
      entries.delete(key)
      entries.set(key, { value: structuredClone(value), until: now() + ttl * 1000 })
      for (const oldest of entries.keys()) {
        if (entries.size <= most) break
        entries.delete(oldest)
      }
    },
    async get(key) {
      return structuredClone(alive(key)?.value)
    },
    async list(session) {
      const keys = [...entries.keys()].filter((key) => key.startsWith(`${session}/`)).sort()
      return keys.flatMap((key) => {
        const entry = alive(key)
        return entry ? [[key, structuredClone(entry.value)] as [string, unknown]] : []
      })
    },
    async remove(key) {
      entries.delete(key)
    },
  }
}
