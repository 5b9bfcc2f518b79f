/** Builds the index of the folders given as JSON: the process that build-killed.test.ts kills. */
import { build } from '../../index-build/build.ts'

process.stdout.write('begin\n')
const { version } = await build({ ...JSON.parse(process.argv[2]!), calibration: null })
process.stdout.write(version)
