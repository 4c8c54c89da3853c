/**
 * Syslog messages, as programs send them and as syslog daemons write them to files (pipeline/syslog/message.ts).
 *
 * Fields `facility` and `severity` by name, `time`, `hostname`, `app_name`, `proc_id`, `msg_id`, structured data as
 * `<id>_<parameter>`, and on request `message`.
 */
import type { FieldSet, Slot } from '../../pipeline/fields.js';
import { SyslogMessage } from '../../pipeline/syslog/message.js';
import { FACILITIES, SEVERITIES } from '../../pipeline/syslog/priority.js';
import { forEachParam, unescapeValue } from '../../pipeline/syslog/structured-data.js';
import { BACKSLASH, find } from './bytes.js';
import type { Format } from './format.js';

/** So many parameters of a line are looked at. */
const MAX_PARAMETERS = 64;

export class SyslogFormat implements Format {
  readonly #fields: FieldSet;
  readonly #message = new SyslogMessage();
  readonly #facility: Slot;
  readonly #severity: Slot;
  readonly #time: Slot;
  readonly #hostname: Slot;
  readonly #appName: Slot;
  readonly #procId: Slot;
  readonly #msgId: Slot;
  readonly #text: Slot;

  constructor(fields: FieldSet) {
    this.#fields = fields;
    this.#facility = fields.slot('facility');
    this.#severity = fields.slot('severity');
    this.#time = fields.slot('time');
    this.#hostname = fields.slot('hostname');
    this.#appName = fields.slot('app_name');
    this.#procId = fields.slot('proc_id');
    this.#msgId = fields.slot('msg_id');
    this.#text = fields.slotOnRequest('message');
  }

  read(data: Buffer, start: number, end: number): string | undefined {
    const message = this.#message;
    message.parse(data, start, end);
    if (message.form === 'none') return 'syslog';
    const fields = this.#fields;
    if (message.priority >= 0) {
      fields.putText(this.#facility, FACILITIES[message.priority >> 3]);
      fields.putText(this.#severity, SEVERITIES[message.priority & 7]);
    }
    fields.put(this.#time, message.timeStart, message.timeEnd);
    fields.put(this.#hostname, message.hostStart, message.hostEnd);
    fields.put(this.#appName, message.appStart, message.appEnd);
    fields.put(this.#procId, message.procidStart, message.procidEnd);
    fields.put(this.#msgId, message.msgidStart, message.msgidEnd);
    if (message.dataStart >= 0) this.#data(data, message.dataStart, message.dataEnd);
    fields.put(this.#text, message.textStart, message.textEnd);
    return undefined;
  }

  #data(data: Buffer, from: number, to: number): void {
    let parameters = 0;
    forEachParam(data, from, to, (id, idEnd, name, nameEnd, value, valueEnd) => {
      if (++parameters > MAX_PARAMETERS) return;
      const slot = this.#fields.slot(
        `${data.toString('latin1', id, idEnd)}_${data.toString('latin1', name, nameEnd)}`,
      );
      if (find(data, BACKSLASH, value, valueEnd) === valueEnd) this.#fields.put(slot, value, valueEnd);
      else
        this.#fields.putDecoded(slot, valueEnd - value, (into, at) =>
          unescapeValue(data, value, valueEnd, into, at),
        );
    });
  }
}
