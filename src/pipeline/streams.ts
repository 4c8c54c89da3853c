/**
 * A stream is a set of labels, as in Loki. The table gives each one a small number for the batch's column.
 *
 * A stream also carries where its lines go: its lane (a hash of the labels but the one for stdout and stderr, so that
 * both of a container stay together) and its route class (routes.ts). Catch-up streams hold the lines that were there
 * before the agent came; they have lanes of their own, so that a line written now never waits behind gigabytes of old ones.
 */
export type Labels = Readonly<Record<string, string>>;

/** Lanes 0 .. LIVE_LANES-1 are live, LIVE_LANES .. LANES-1 are catch-up. */
export const LIVE_LANES = 4;
export const LANES = LIVE_LANES * 2;
/** Added to the labels of a catch-up stream, so that order holds within each stream. */
export const CATCH_UP_LABEL = 'catch_up';
/** Of a stream that holds no lines of a container, but says where some of them are missing: its value is the reason. */
export const GAP_LABEL = 'gap';
/** Labels that name the container, and labels that say stdout or stderr, as the presets have them: the first one there counts. */
export const CONTAINER_LABELS: readonly string[] = ['container', 'container_name'];
export const OUTPUT_LABELS: readonly string[] = ['stream', 'source', 'logstream'];

/** How a container wants its own lines treated: a processor's type, or another word, and what is wanted of it. Checked. */
export type Tuning = Readonly<Record<string, string>>;

export interface Stream {
  readonly id: number;
  readonly labels: Labels;
  /** Loki's form, names sorted: `{container="web", stream="stdout"}`. */
  readonly text: string;
  readonly lane: number;
  readonly route: number;
  /** As whoever acquired it first had it. */
  readonly tuning: Tuning | undefined;
}

export class StreamTable {
  readonly #byText = new Map<string, { stream: Stream; users: number }>();
  readonly #byId = new Map<number, Stream>();
  #routeOf: (labels: Labels) => number;
  #nextId = 1;

  /** `routeOf` answers the route class of a stream, a small number; without it all are of one. */
  constructor(routeOf: (labels: Labels) => number = () => 0) {
    this.#routeOf = routeOf;
  }

  /** The stream with these labels, made if new. Each call needs one `release`. Ids are never used again. */
  acquire(labels: Labels, tuning?: Tuning): Stream {
    const text = labelText(labels);
    const known = this.#byText.get(text);
    if (known) {
      known.users++;
      return known.stream;
    }
    const stream: Stream = {
      id: this.#nextId++,
      labels: { ...labels },
      text,
      lane: laneOf(labels),
      route: this.#routeOf(labels),
      tuning,
    };
    this.#byText.set(text, { stream, users: 1 });
    this.#byId.set(stream.id, stream);
    return stream;
  }

  /** One more use of a stream that somebody has acquired, until one more `release`. */
  retain(stream: Stream): void {
    const known = this.#byText.get(stream.text);
    if (known?.stream === stream) known.users++;
  }

  release(stream: Stream): void {
    const known = this.#byText.get(stream.text);
    if (!known || known.stream !== stream || --known.users > 0) return;
    this.#byText.delete(stream.text);
    this.#byId.delete(stream.id);
  }

  /**
   * Route classes are others from now on, also those of streams that are there: no block may be open meanwhile
   * (`Journal.seal`).
   */
  reroute(routeOf: (labels: Labels) => number): void {
    this.#routeOf = routeOf;
    for (const stream of this.#byId.values()) (stream as { route: number }).route = routeOf(stream.labels);
  }

  get(id: number): Stream | undefined {
    return this.#byId.get(id);
  }

  get size(): number {
    return this.#byId.size;
  }
}

/** The container's name. */
export function containerOf(labels: Labels): string | undefined {
  return firstOf(CONTAINER_LABELS, labels);
}

/** Whose lines those are, for people: a container's name, or that of a file. */
export function ownerOf(labels: Labels): string | undefined {
  return containerOf(labels) ?? labels['filename'];
}

/** `stdout` or `stderr`. */
export function outputOf(labels: Labels): string | undefined {
  return firstOf(OUTPUT_LABELS, labels);
}

function firstOf(names: readonly string[], labels: Labels): string | undefined {
  const name = names.find((name) => Object.hasOwn(labels, name) && labels[name] !== '');
  return name === undefined ? undefined : labels[name];
}

/** Labels in Loki's text form, names sorted, values quoted as Go quotes them. */
export function labelText(labels: Labels): string {
  const parts = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${quote(labels[name] ?? '')}`);
  return `{${parts.join(', ')}}`;
}

// JSON's escapes of control characters, quotes and backslashes are also Go's, and Loki parses Go strings.
function quote(value: string): string {
  return JSON.stringify(value.toWellFormed());
}

/** Inverse of `labelText`. Throws a SyntaxError on what `labelText` did not write. */
export function parseLabelText(text: string): Labels {
  const labels: Record<string, string> = {};
  const pair = /\s*([a-zA-Z_][a-zA-Z0-9_]*)=("(?:[^"\\]|\\.)*")(?:,|(?=\}))/gy;
  pair.lastIndex = 1;
  let end = 1;
  for (let match = pair.exec(text); match; match = pair.exec(text)) {
    labels[match[1]] = JSON.parse(match[2]);
    end = pair.lastIndex;
  }
  if (text[0] !== '{' || text.slice(end) !== '}')
    throw new SyntaxError(`not a label set: ${text.slice(0, 200)}`);
  return labels;
}

function laneOf(labels: Labels): number {
  let hash = 0x811c9dc5;
  for (const name of Object.keys(labels).sort()) {
    if (OUTPUT_LABELS.includes(name) || name === CATCH_UP_LABEL || name === GAP_LABEL) continue;
    const text = `${name}\0${labels[name]}\0`;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  // The low bits of this hash are a sum of the characters' low bits: a name that stands in two labels cancels itself.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const lane = ((hash ^ (hash >>> 13)) >>> 0) % LIVE_LANES;
  return CATCH_UP_LABEL in labels ? LIVE_LANES + lane : lane;
}
