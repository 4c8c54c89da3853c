/**
 * The engine's event stream: JSON objects, one a line. Events are hints: what is missed, repeated or unreadable is made
 * good by the next list.
 *
 *   {"Type":"container","Action":"start","Actor":{"ID":"…","Attributes":{"name":"web","image":"nginx","a label":"…"}},"time":1795306568}
 */
import { StringDecoder } from 'node:string_decoder';
import { isContainerId } from './facts.js';
import { object, parseJson, text, textRecord } from './json.js';

const ACTIONS = ['create', 'start', 'die', 'destroy', 'rename'] as const;
/** No health checks and no exec: on a big host those come by the hundred. */
export const EVENT_FILTERS = { type: ['container'], event: ACTIONS };
const MAX_EVENT_CHARACTERS = 1024 * 1024;

export interface ContainerEvent {
  readonly action: (typeof ACTIONS)[number];
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** The container's labels, and a few attributes of the event itself. */
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, by the engine's clock. */
  readonly seconds: number;
}

export class EventDecoder {
  readonly #onEvent: (event: ContainerEvent) => void;
  readonly #utf8 = new StringDecoder('utf8');
  #rest = '';

  constructor(onEvent: (event: ContainerEvent) => void) {
    this.#onEvent = onEvent;
  }

  /** False where this is no stream of events: a line without an end. */
  push(chunk: Buffer): boolean {
    const lines = (this.#rest + this.#utf8.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = parseEvent(line);
      if (event) this.#onEvent(event);
    }
    return this.#rest.length <= MAX_EVENT_CHARACTERS;
  }
}

function parseEvent(line: string): ContainerEvent | undefined {
  let event: Record<string, unknown>;
  try {
    event = object(parseJson(line));
  } catch {
    return undefined;
  }
  const actor = object(event['Actor']);
  const { name = '', image = '', ...labels } = textRecord(actor['Attributes']);
  const action = ACTIONS.find((known) => known === event['Action']);
  const id = text(actor['ID']);
  if (!action || !isContainerId(id)) return undefined;
  return { action, id, name, image, labels, seconds: Number(event['time']) || 0 };
}
