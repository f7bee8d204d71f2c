import { parentPort, workerData } from 'node:worker_threads'
import type { WriterRequest, WriterSettings } from '../protocol.ts'
import { serve } from './serve.ts'

// The writer thread: only the wiring, so that everything else can be tested in one thread.
const port = parentPort
if (!port) throw new TypeError('the writer is started as a worker thread')
await serve(
  {
    post: (message) => port.postMessage(message),
    onRequest: (handle) => port.on('message', (request: WriterRequest) => handle(request)),
    close: () => port.close(),
  },
  // Given by client/thread.ts, which is typed.
  workerData as WriterSettings,
)
