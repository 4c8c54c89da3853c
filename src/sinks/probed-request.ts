import { sinkRequest } from '../runtime/probes.js';

/** Makes a request of a sink, and tells when it has ended. `send` says its status as soon as there is one. */
export async function probedRequest<T>(
  sink: string,
  send: (answered: (status: number) => void) => Promise<T>,
): Promise<T> {
  const began = performance.now();
  let status: number | 'error' = 'error';
  try {
    return await send((told) => {
      status = told;
    });
  } finally {
    if (sinkRequest.hasSubscribers)
      sinkRequest.publish({ sink, seconds: (performance.now() - began) / 1000, status });
  }
}
