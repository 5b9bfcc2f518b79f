/**
 * Counts what an isolate holds outside the JavaScript heap: WebAssembly memories and large buffers. No imports; import it
 * first, since it puts counting constructors in the place of the global ones. Only what is made during a recording is
 * noted, so that the caller's own buffers are not counted. For the tests and the bench; nothing that ships imports it.
 */

/** Buffers below this many bytes are left out. */
const SMALLEST = 16_384

/** Bytes of each memory and each large buffer. */
export interface Holding {
  memories: number[]
  buffers: number[]
}

export interface Recorded extends Holding {
  /** Bytes of the files in forms: they are let go once their bytes were read, before anything is decoded. */
  files: number[]
}

export interface Live extends Holding {
  /** WebAssembly instances. */
  instances: number
}

export interface Probe {
  /**
   * Begins to note what is made, and returns what ends it. The answer has everything made in between at its last size,
   * whether it was let go or not: never less than the peak of that time.
   */
  record(): () => Recorded
  /** What was noted in any recording and is not collected yet: never less than what is reachable. */
  live(): Live
}

const add = (bytes: readonly number[]): number => bytes.reduce((sum, n) => sum + n, 0)

/** Bytes of a holding. */
export const total = ({ memories, buffers }: Holding): number => add(memories) + add(buffers)

/** The most bytes that were held at once beside what was there before: while a form is read, its files and their copies. */
export const peak = (recorded: Recorded): number => Math.max(total(recorded), 2 * add(recorded.files))

type Constructor = new (...args: unknown[]) => object
type Method = (this: unknown, ...args: unknown[]) => unknown

/** Objects held weakly. */
function weakly<T extends object>() {
  const known = new WeakSet<T>()
  let refs: WeakRef<T>[] = []
  return {
    add(object: T) {
      if (known.has(object)) return
      known.add(object)
      refs.push(new WeakRef(object))
    },
    alive(): T[] {
      refs = refs.filter((ref) => ref.deref() !== undefined)
      return refs.flatMap((ref) => ref.deref() ?? [])
    },
  }
}

function install(): Probe {
  const memories = weakly<WebAssembly.Memory>()
  const instances = weakly<WebAssembly.Instance>()
  const buffers = weakly<ArrayBufferLike>()
  let recording: { memories: Set<WebAssembly.Memory>; buffers: number[]; files: number[] } | undefined

  const noteMemory = (memory: WebAssembly.Memory) => {
    if (!recording) return
    recording.memories.add(memory)
    memories.add(memory)
  }
  const noteBuffer = (buffer: ArrayBufferLike) => {
    if (!recording || buffer.byteLength < SMALLEST) return
    recording.buffers.push(buffer.byteLength)
    buffers.add(buffer)
  }
  const noteInstance = (instance: WebAssembly.Instance) => {
    if (!recording) return
    instances.add(instance)
    for (const value of Object.values(instance.exports)) if (value instanceof WebAssembly.Memory) noteMemory(value)
  }

  const count = (holder: object, name: string, note: (made: object, args: unknown[]) => void) => {
    const real = Reflect.get(holder, name) as Constructor
    const counting = new Proxy(real, {
      construct(target, args, newTarget) {
        const made = Reflect.construct(target, args, newTarget) as object
        note(made, args)
        return made
      },
    })
    Reflect.set(holder, name, counting)
  }
  const after = (holder: object, name: string, note: (result: unknown) => void) => {
    const real = Reflect.get(holder, name) as Method | undefined
    if (!real) return
    Reflect.set(holder, name, function (this: unknown, ...args: unknown[]) {
      const result = real.apply(this, args)
      if (!(result instanceof Promise)) {
        note(result)
        return result
      }
      return result.then((value: unknown) => {
        note(value)
        return value
      })
    } satisfies Method)
  }

  count(WebAssembly, 'Memory', (made) => noteMemory(made as WebAssembly.Memory))
  count(WebAssembly, 'Instance', (made) => noteInstance(made as WebAssembly.Instance))
  after(WebAssembly, 'instantiate', (result) => {
    const made = result as WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource
    noteInstance('instance' in made ? made.instance : made)
  })

  const isBuffer = (value: unknown) => value instanceof ArrayBuffer || value instanceof SharedArrayBuffer
  const noteResult = (result: unknown) => {
    if (isBuffer(result)) noteBuffer(result as ArrayBufferLike)
    else if (ArrayBuffer.isView(result)) noteBuffer(result.buffer)
  }
  // `instanceof` asks the counting constructors too: their prototype is the real one.
  count(globalThis, 'ArrayBuffer', noteResult)
  for (const bits of ['Int8', 'Uint8', 'Uint8Clamped', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Float32', 'Float64']) {
    count(globalThis, `${bits}Array`, (made, [source]) => isBuffer(source) || noteResult(made))
  }
  after(ArrayBuffer.prototype, 'slice', noteResult)
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object
  for (const method of ['slice', 'map', 'filter']) after(typedArray, method, noteResult)
  for (const body of [Request, Response, Blob]) {
    for (const method of ['arrayBuffer', 'bytes']) after(body.prototype, method, noteResult)
  }
  after(Request.prototype, 'formData', (form) => {
    for (const value of (form as FormData).values()) {
      if (recording && typeof value !== 'string' && value.size >= SMALLEST) recording.files.push(value.size)
    }
  })

  const sizes = (memory: WebAssembly.Memory) => memory.buffer.byteLength
  return {
    record() {
      const mine = { memories: new Set<WebAssembly.Memory>(), buffers: [] as number[], files: [] as number[] }
      recording = mine
      return () => {
        if (recording === mine) recording = undefined
        return { ...mine, memories: Array.from(mine.memories, sizes) }
      }
    },
    live: () => ({
      memories: memories.alive().map(sizes),
      buffers: buffers.alive().map((buffer) => buffer.byteLength),
      instances: instances.alive().length,
    }),
  }
}

const scope = globalThis as { termlensProbe?: Probe }
scope.termlensProbe ??= install()

/** The one probe of this isolate. */
export const probe: Probe = scope.termlensProbe
