/** A live tail that looks at each line's time when it comes. */
import { request } from 'node:http';

export interface TailDelays {
  /** Milliseconds from a line's time to its coming, of all lines so far. */
  readonly delays: readonly number[];
  readonly close: () => void;
}

/** Of one container's lines, from now on. Resolves when the agent has accepted. */
export function openTail(port: number, container: string): Promise<TailDelays> {
  const delays: number[] = [];
  return new Promise((resolve, reject) => {
    const asked = request({ port, path: `/api/v1/tail?n=0&container=${container}` }, (response) => {
      let rest = '';
      response.on('data', (chunk: Buffer) => {
        const now = Date.now();
        const events = (rest + chunk.toString()).split('\n\n');
        rest = events.pop() ?? '';
        for (const event of events) {
          const time = /^data: \{"time":"([^"]+)"/m.exec(event)?.[1];
          if (time !== undefined) delays.push(now - Date.parse(time));
        }
      });
      // It is cut when it is closed.
      response.on('error', () => {});
      resolve({ delays, close: () => asked.destroy() });
    });
    asked.on('error', reject).end();
  });
}
