/** How long the stages of one request took. No imports. */

export interface Clock {
  /** Runs `task` and adds its milliseconds to `stage`. */
  time<T>(stage: string, task: () => T | Promise<T>): Promise<T>
  /** Milliseconds by stage, as `<stage>_ms`. A stage whose clock did not move is left out: Workers stop it during computation. */
  timings(): Record<string, number>
}

export function startClock(now: () => number = () => performance.now()): Clock {
  const start = now()
  const spent = new Map<string, number>()
  return {
    async time(stage, task) {
      const before = now()
      try {
        return await task()
      } finally {
        spent.set(stage, (spent.get(stage) ?? 0) + now() - before)
      }
    },
    timings() {
      const entries = [...spent, ['total', now() - start] as const]
      const rounded = entries.map(([stage, ms]) => [`${stage}_ms`, Math.round(ms * 10) / 10] as const)
      return Object.fromEntries(rounded.filter(([, ms]) => ms > 0))
    },
  }
}
