/** Public clients of the foreign programs, from npm, against the app on a port of this machine. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Client } from '@gradio/client'
import Replicate from 'replicate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryState } from '../../../src/http/compat/index.ts'
import { localApp } from './local-app.ts'
import { type Served, serve } from './serve.ts'

const path = fileURLToPath(new URL('../../../assets/calibration/caltech101-00333.webp', import.meta.url))
const picture = new Blob([new Uint8Array(await readFile(path))], { type: 'image/webp' })

let withQueue: Served
let withoutQueue: Served

beforeAll(async () => {
  // Two apps around one state: what one instance was told, the other knows. Requests go to them in turn.
  const shared = memoryState()
  const instances = [localApp({ shared }), localApp({ shared })]
  let turn = 0
  withQueue = await serve((request) => instances[turn++ % instances.length]!.fetch(request))
  withoutQueue = await serve((request) => localApp().fetch(request))
})

afterAll(() => Promise.all([withQueue.close(), withoutQueue.close()]))

const prompt = expect.stringMatching(/chair.*, /)
const image = () => new Blob([picture], { type: 'image/webp' })

describe('@gradio/client', () => {
  const connect = (url: string) => Client.connect(url, { events: ['data', 'status'] })

  test('predict through the queue, twice on a session, by position and by name', async () => {
    const client = await connect(withQueue.url)
    const first = await client.predict('/clipi2', [image(), 'best', 4])
    expect((first.data as unknown[])[0]).toEqual(prompt)
    const second = await client.predict('/clipi2', { image: image(), mode: 'fast' })
    expect((second.data as unknown[])[0]).toEqual(prompt)
    client.close()
  })

  test('a file that is no picture fails with a text', async () => {
    const client = await connect(withQueue.url)
    await expect(client.predict('/clipi2', [new Blob(['hello, world']), 'fast', 4])).rejects.toMatchObject({
      message: expect.stringContaining('not a picture'),
    })
    client.close()
  })

  test('without shared state the app announces no queue, and the same call works', async () => {
    const client = await connect(withoutQueue.url)
    expect(client.config?.enable_queue).toBe(false)
    const { data } = await client.predict('/clipi2', [image(), 'fast', 4])
    expect((data as unknown[])[0]).toEqual(prompt)
    client.close()
  })
})

describe('replicate', () => {
  const client = (served: Served) => new Replicate({ auth: 'none', baseUrl: `${served.url}/v1` })
  const NAME = 'pharmapsychotic/clip-interrogator'

  test('run by name and by version, with a file and with a data URI', async () => {
    const uri = `data:image/webp;base64,${Buffer.from(await picture.arrayBuffer()).toString('base64')}` // biome-ignore format: one line
    for (const ref of [NAME, `${NAME}:8151e1c9f47e696f`] as const) {
      for (const input of [{ image: image(), mode: 'fast' }, { image: uri }]) {
        expect(await client(withQueue).run(ref as typeof NAME, { input })).toEqual(prompt)
      }
    }
  })

  test('polling: a prediction that was made in one instance is found in another', async () => {
    const replicate = client(withQueue)
    const output = await replicate.run(NAME, { input: { image: image() }, wait: { mode: 'poll', interval: 10 } })
    expect(output).toEqual(prompt)
    const made = await replicate.predictions.create({ model: NAME, input: { image: image(), mode: 'negative' } })
    expect(made.status).toBe('succeeded')
    expect(await replicate.predictions.get(made.id)).toEqual(made)
    await expect(replicate.predictions.get('unknown')).rejects.toThrow(/404/)
  })

  test('what cannot be answered is a failed prediction, or an error that names the field', async () => {
    const replicate = client(withoutQueue)
    await expect(replicate.run(NAME, { input: { image: 'https://example.com/a.jpg' } })).rejects.toThrow(/address/)
    await expect(replicate.run(NAME, { input: { image: image(), mode: 'slow' } })).rejects.toThrow(/422.*mode/s)
    await expect(replicate.run(NAME, { input: {} })).rejects.toThrow(/422.*image/s)
  })
})
