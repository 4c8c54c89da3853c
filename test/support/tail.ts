/** A client of the agent's live tail (server-sent events). */
import http from 'node:http';
import { createInterface } from 'node:readline';

export interface TailLine {
  readonly time: string;
  readonly container: string;
  readonly stream: string;
  readonly line: string;
}

/** Resolves with the first line that `wanted` accepts. Rejects when the tail ends or `deadlineMs` is over. */
export async function tailUntil(
  url: string,
  query: string,
  wanted: (line: TailLine) => boolean,
  deadlineMs: number,
): Promise<TailLine> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    const request = http.get(`${url}/api/v1/tail${query}`, { agent: false });
    const settle = (settled: () => void): void => {
      clearTimeout(timer);
      request.destroy();
      settled();
    };
    const fail = (why: string): void =>
      settle(() => reject(new Error(`${why} after ${seen} events of ${url}${query}.`)));
    const timer = setTimeout(() => fail(`The line was not on the tail within ${deadlineMs} ms,`), deadlineMs);
    request.on('error', (error) => fail(`The tail failed (${error.message})`));
    request.on('response', (response) => {
      createInterface({ input: response })
        .on('line', (text) => {
          if (!text.startsWith('data: ')) return;
          seen++;
          const line = JSON.parse(text.slice(6)) as TailLine;
          if (typeof line.line === 'string' && wanted(line)) settle(() => resolve(line));
        })
        .on('error', (error: Error) => fail(`The tail failed (${error.message})`))
        .on('close', () => fail('The tail ended'));
    });
  });
}
