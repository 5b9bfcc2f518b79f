import { testConformance } from './conformance.ts'
import { a1111, a1111Nested, sdnext, sdnextOld } from './servers/sdapi.ts'

for (const subject of [a1111, a1111Nested, sdnextOld, sdnext]) testConformance(subject)
