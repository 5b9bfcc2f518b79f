/**
 * What two requests share that may reach two isolates: a result under the name that the client knows it by. Texts only, never a
 * picture. Keys have the form `session/entry`; what stands before the slash may decide where an entry is kept.
 */
export interface SharedState {
  /** Keeps a JSON value for at least `ttl` seconds, over what was there. */
  put(key: string, value: unknown, ttl: number): Promise<void>
  /** The value, or undefined where there is none or its time is over. */
  get(key: string): Promise<unknown>
  /** The entries of a session as `[key, value]`, by key. */
  list(session: string): Promise<[key: string, value: unknown][]>
  remove(key: string): Promise<void>
}

/** Seconds for which a finished result can still be fetched. */
export const RESULT_TTL = 600

/** What may be a session: it becomes part of a key. */
export const SESSION = /^[\w.:-]{1,128}$/

/** The session of a key. */
export const sessionOf = (key: string): string => key.slice(0, key.indexOf('/'))
