/** What a receiver of syslog over TCP reads: nothing of the agent's code reads what is sent. */

export interface Message {
  readonly priority: number;
  readonly time: string;
  readonly host: string;
  readonly app: string;
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
  /** Latin-1: byte by byte. */
  readonly text: string;
}

/** RFC 6587 and RFC 5424, read a second time: each message must have the form to the letter. */
export function messagesIn(bytes: Buffer): Message[] {
  let rest = bytes.toString('latin1');
  const messages: Message[] = [];
  while (rest !== '') {
    const [head, count] = /^([1-9]\d*) /.exec(rest) ?? [];
    if (head === undefined) throw new Error(`no length: ${rest.slice(0, 20)}`);
    const end = head.length + Number(count);
    if (rest.length < end) throw new Error('half of a message');
    messages.push(messageIn(rest.slice(head.length, end)));
    rest = rest.slice(end);
  }
  return messages;
}

const FORM =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) - ([\x21-\x7e]{1,32}) (-|\[log-capturer@32473(?: [\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*\])(?: ([^]*))?$/;

function messageIn(text: string): Message {
  const match = FORM.exec(text);
  if (!match) throw new Error(`no RFC 5424: ${text.slice(0, 200)}`);
  const [, priority, time, host, app, id, data, line = ''] = match;
  const pairs = [...data.matchAll(/ ([^ =]+)="((?:[^"\\\]]|\\.)*)"/gs)].map(([, name, value]) => [
    name,
    Buffer.from(value.replace(/\\(["\\\]])/g, '$1'), 'latin1').toString(),
  ]);
  return {
    priority: Number(priority),
    time,
    host,
    app,
    id,
    values: Object.fromEntries(pairs) as Record<string, string>,
    text: line,
  };
}
