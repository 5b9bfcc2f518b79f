/** Progress of a long run on stderr: a bar on a terminal, a line every tenth under CI, nothing elsewhere. */
import { stderr } from 'node:process'

export interface Progress {
  /** Sets what there is to do, and begins again at nothing. */
  start(total: number): void
  /** Counts `n` more as done. */
  tick(n?: number): void
  /** Sets how much is done. */
  set(done: number): void
  /** Takes the bar off the screen, so that a line can be written; the next tick brings it back. */
  clear(): void
  /** Ends the run and leaves its last state on the screen. */
  done(): void
}

/** Where progress is shown. `process.stderr` is one. */
export interface ProgressOutput {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

const BAR = 24
/** Milliseconds between two drawings. */
const INTERVAL = 80
const CLEAR = '\r\x1b[K'

/**
 * @param unit what is counted, in the plural: `pictures` @param total how many there are
 * @param output stderr by default @param ci whether lines are written where there is no terminal
 */
export function createProgress(
  unit: string,
  total = 0,
  output: ProgressOutput = stderr,
  ci = Boolean(process.env.CI),
): Progress {
  let count = 0
  let began = performance.now()
  let drawn = 0
  let tenth = 0

  const draw = (force: boolean) => {
    const now = performance.now()
    if (output.isTTY) {
      if (!force && now - drawn < INTERVAL) return
      drawn = now
      output.write(CLEAR + progressLine(unit, count, total, now - began).slice(0, (output.columns || 80) - 1))
    } else if (ci && total > 0 && Math.floor((10 * count) / total) > tenth) {
      tenth = Math.floor((10 * count) / total)
      output.write(`${unit}: ${count} of ${total} (${10 * tenth} %)\n`)
    }
  }
  const set = (done: number) => {
    count = Math.min(done, total)
    draw(count === total)
  }

  return {
    start(newTotal) {
      total = newTotal
      count = 0
      tenth = 0
      began = performance.now()
      draw(true)
    },
    tick: (n = 1) => set(count + n),
    set,
    clear() {
      if (output.isTTY) output.write(CLEAR)
      drawn = 0
    },
    done() {
      draw(true)
      if (output.isTTY) output.write('\n')
    },
  }
}

/** `pictures ████░░░░  12/48  0:07 left` @param elapsed milliseconds */
export function progressLine(unit: string, count: number, total: number, elapsed: number): string {
  const share = total > 0 ? count / total : 0
  const full = Math.round(BAR * share)
  const left = count > 0 && count < total ? `  ${clock((elapsed / count) * (total - count))} left` : ''
  return `${unit} ${'█'.repeat(full)}${'░'.repeat(BAR - full)}  ${count}/${total}${left}`
}

/** @param milliseconds @returns minutes and seconds: `1:05` */
const clock = (milliseconds: number): string => {
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
