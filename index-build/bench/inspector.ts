/** The JavaScript heap of a Worker, asked over workerd's debugger (Chrome DevTools Protocol). */

/** Answer of `Runtime.getHeapUsage`, in bytes. */
export interface HeapUsage {
  usedSize: number
  totalSize: number
}

const PATIENCE = 10_000

/** @param inspector its address @param worker by name. @throws Error where it does not answer */
export async function heapUsage(inspector: URL, worker: string): Promise<HeapUsage> {
  const list = await fetch(`http://${inspector.host}/json`, { signal: AbortSignal.timeout(PATIENCE) })
  const targets = (await list.json()) as { id: string; webSocketDebuggerUrl: string }[]
  const target = targets.find(({ id }) => id === `core:user:${worker}`)
  if (!target) throw new Error(`The inspector knows ${targets.map(({ id }) => id).join(', ')}, but no ${worker}.`)
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  try {
    return await new Promise<HeapUsage>((resolve, reject) => {
      setTimeout(() => reject(new Error('The inspector does not answer.')), PATIENCE).unref()
      socket.onerror = () => reject(new Error('The inspector refused the connection.'))
      socket.onopen = () => socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' }))
      socket.onmessage = ({ data }) => {
        const { id, result, error } = JSON.parse(String(data))
        if (id !== 1) return
        if (result) resolve(result)
        else reject(new Error(error?.message))
      }
    })
  } finally {
    socket.close()
  }
}
