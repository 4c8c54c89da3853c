/** Takes webhooks, and remembers them. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export class Webhooks {
  readonly bodies: string[] = [];
  readonly #server = http.createServer((request, response) => {
    void text(request).then((body) => {
      this.bodies.push(body);
      response.end('ok');
      for (const wake of this.#waiting.splice(0)) wake();
    });
  });
  readonly #waiting: (() => void)[] = [];

  static async start(): Promise<Webhooks> {
    const webhooks = new Webhooks();
    webhooks.#server.listen(0, '127.0.0.1');
    await once(webhooks.#server, 'listening');
    return webhooks;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** Resolves with the first one that has this in it, which came already or comes. */
  async with(part: string): Promise<string> {
    for (;;) {
      const found = this.bodies.find((body) => body.includes(part));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
