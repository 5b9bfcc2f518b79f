#!/usr/bin/env node
process.argv.splice(2, 0, 'termlens')
await import('./run.js')
