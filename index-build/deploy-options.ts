/** What `npm run deploy -- …` was given, for each of its steps. */

interface DeployOptions {
  /** Of `build` and `verify`: `--bank name=file`. */
  index: string[]
  /** Of `wrangler deploy`: all the rest, and the top-level environment where none is named. */
  wrangler: string[]
}

export function deployOptions(given: readonly string[]): DeployOptions {
  const index: string[] = []
  const wrangler: string[] = []
  for (let i = 0; i < given.length; i++) {
    const argument = given[i]!
    if (argument === '--bank') index.push(...given.slice(i, ++i + 1))
    else (argument.startsWith('--bank=') ? index : wrangler).push(argument)
  }
  const named = wrangler.some((argument) => /^(--env|-e)(=|$)/.test(argument))
  return { index, wrangler: named ? wrangler : ['--env', '', ...wrangler] }
}
