/** Builds the index of the folders that come as JSON on stdin, and says when it begins to write: the process that build-killed.test.ts kills. */
import { once } from 'node:events'
import { build } from '../../index-build/build.ts'

process.stdout.write('ready\n')
const [line] = await once(process.stdin.setEncoding('utf8'), 'data')
const { version } = await build({
  ...JSON.parse(line),
  calibration: null,
  onProgress: ({ bank }) => bank === '' && process.stdout.write('writing\n'),
})
process.stdout.write(version, () => process.exit())
