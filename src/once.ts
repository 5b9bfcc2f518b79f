/** One shared run of a task that is dear. No imports. */

/** Shares one run of `task`; a run that failed is forgotten, so that the next call tries again. */
export function once<T>(task: () => Promise<T>): (() => Promise<T>) & { done(): boolean } {
  let running: Promise<T> | undefined
  let done = false
  const run = () => {
    running ??= task().then(
      (value) => {
        done = true
        return value
      },
      (error) => {
        running = undefined
        throw error
      },
    )
    return running
  }
  return Object.assign(run, { done: () => done })
}
