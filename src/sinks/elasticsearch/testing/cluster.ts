/** An index as Elasticsearch keeps it behind its bulk API: ids, mappings, rejections, closed indices. */
import type { Answered, Asked } from '../../http/testing/stand-in.js';

export interface Doc {
  readonly '@timestamp': string;
  readonly message: string;
  readonly [name: string]: unknown;
}

interface Failure {
  readonly status: number;
  readonly type: string;
  readonly reason: string;
}

export class Cluster {
  /** By id, in the order of their coming. */
  readonly docs = new Map<string, Doc>();
  /** How often a document came whose id was there. */
  conflicts = 0;
  /** What becomes of a document that is not there; undefined: it is taken. */
  fails: (doc: Doc) => Failure | undefined = () => undefined;

  readonly answer = ({ path, headers, body }: Asked): Answered => {
    const [where, query] = path.split('?');
    if (where !== '/logs-docker-default/_bulk') return { status: 404, body: '{"error":"no handler found"}' };
    if (!/^application\/(x-nd)?json$/.test(headers['content-type'] ?? '')) return { status: 406 };
    const text = body.toString();
    if (!text.endsWith('\n')) return json(400, { error: 'The bulk request must be terminated by a newline' });
    const rows = text.slice(0, -1).split('\n');
    const items: object[] = [];
    for (let i = 0; i < rows.length; i += 2) items.push({ create: this.#create(rows[i], rows[i + 1]) });
    return json(200, query?.startsWith('filter_path=') ? { items } : { took: 1, errors: true, items });
  };

  #create(actionText: string, docText: string): object {
    const action = JSON.parse(actionText) as { create: { _id: string } };
    const doc = JSON.parse(docText) as Doc;
    const id = action.create._id;
    // A data stream takes nothing without it.
    if (Number.isNaN(Date.parse(doc['@timestamp'])) || Buffer.byteLength(id) > 512) return { status: 400 };
    if (this.docs.has(id)) {
      this.conflicts++;
      return failed({ status: 409, type: 'version_conflict_engine_exception', reason: `[${id}]: exists` });
    }
    const failure = this.fails(doc);
    if (failure) return failed(failure);
    this.docs.set(id, doc);
    return { status: 201 };
  }
}

function failed({ status, type, reason }: Failure): object {
  return { status, error: { type, reason } };
}

function json(status: number, body: object): Answered {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
