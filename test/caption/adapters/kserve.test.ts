import { testConformance } from './conformance.ts'
import { kserve } from './servers/kserve.ts'

for (const subject of [kserve]) testConformance(subject)
