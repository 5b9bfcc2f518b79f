/** The machine and the versions that numbers belong to. */
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { versionOf } from './wrangler.ts'

export function machine(): string {
  const model = cpus()[0]?.model.trim() || 'unknown processor'
  const memory = Math.round(totalmem() / 2 ** 30)
  return [
    `${model}, ${availableParallelism()} cores, ${memory} GiB`,
    `${platform()} ${release()}`,
    `Node ${process.versions.node}`,
    `workerd ${versionOf('workerd')}`,
  ].join('; ')
}
