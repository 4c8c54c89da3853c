/** Splunk's HTTP Event Collector with its codes, and indexers behind a queue that a crash empties. */
import type { Answered, Asked } from '../../http/testing/stand-in.js';

export interface Event {
  readonly time: number;
  readonly host?: string;
  readonly source?: string;
  readonly sourcetype?: string;
  readonly index?: string;
  readonly event: unknown;
  readonly fields: Readonly<Record<string, string>>;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class Indexer {
  readonly indexed: Event[] = [];
  /** Of the token. */
  acknowledges = false;
  /** Nothing leaves the queue. */
  isStuck = false;
  /** Times as they were written. */
  readonly times: string[] = [];
  /** By acknowledgement. */
  #queue = new Map<number, readonly Event[]>();
  readonly #acknowledged = new Set<number>();
  #nextAck = 0;

  /** What was answered and not indexed is gone. */
  crash(): void {
    this.#queue.clear();
    this.#acknowledged.clear();
  }

  readonly answer = ({ path, headers, body }: Asked): Answered => {
    const { authorization, 'x-splunk-request-channel': channel } = headers;
    if (authorization === undefined) return says(401, 2, 'Token is required');
    if (!authorization.startsWith('Splunk ')) return says(401, 3, 'Invalid authorization');
    if (authorization !== 'Splunk t0ken') return says(403, 4, 'Invalid token');
    const [where, query = ''] = path.split('?');
    if (where === '/services/collector/ack') return this.#asked(query, body);
    if (where !== '/services/collector/event') return { status: 404, body: '{"text":"not found"}' };
    if (this.acknowledges && !GUID.test(String(channel))) return says(400, 10, 'Data channel is missing');
    return this.#take(body.toString());
  };

  #take(text: string): Answered {
    const events: Event[] = [];
    for (const row of text.split('\n').slice(0, -1)) {
      const event = JSON.parse(row) as Event;
      const blank = typeof event.event === 'string' && event.event.trim() === '';
      if (event.event === undefined) return says(400, 12, 'Event field is required', events.length);
      if (blank) return says(400, 13, 'Event field cannot be blank', events.length);
      if (Object.values(event.fields).some((value) => typeof value !== 'string'))
        return says(400, 15, 'Error in handling indexed fields', events.length);
      if (event.index === 'forbidden') return says(400, 7, 'Incorrect index', events.length);
      this.times.push(/^\{"time":([\d.]+),/.exec(row)?.[1] ?? '');
      events.push(event);
    }
    if (events.length === 0) return says(400, 5, 'No data');
    const ackId = this.#nextAck++;
    this.#queue.set(ackId, events);
    if (!this.acknowledges) this.#index();
    return json(200, { text: 'Success', code: 0, ...(this.acknowledges ? { ackId } : {}) });
  }

  #index(): void {
    if (this.isStuck) return;
    for (const [ackId, events] of this.#queue) {
      this.indexed.push(...events);
      this.#acknowledged.add(ackId);
    }
    this.#queue = new Map();
  }

  /** What is in the queue is indexed from one question to the next; an id is told once. */
  #asked(query: string, body: Buffer): Answered {
    if (!this.acknowledges) return says(400, 14, 'ACK is disabled');
    if (!GUID.test(query.replace('channel=', ''))) return says(400, 11, 'Invalid data channel');
    const { acks } = JSON.parse(body.toString()) as { acks: number[] };
    const answer = json(200, {
      acks: Object.fromEntries(acks.map((id) => [id, this.#acknowledged.delete(id)])),
    });
    this.#index();
    return answer;
  }
}

function says(status: number, code: number, text: string, invalid?: number): Answered {
  return json(status, { text, code, ...(invalid === undefined ? {} : { 'invalid-event-number': invalid }) });
}

function json(status: number, body: object): Answered {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
