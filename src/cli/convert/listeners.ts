/** `journal` and `syslog`: sources of type journald and syslog. */
import { componentName, type Draft, given, type Tree } from './draft.js';
import type { Origin, Relabelled } from './relabel.js';
import type { Section } from './section.js';
import { duration, isTrue, whole } from './units.js';

const JOURNAL = '__journal_';
const JOURNAL_LABELS: Readonly<Record<string, string>> = {
  __journal__systemd_unit: 'unit',
  __journal__hostname: 'host',
};
const JOURNAL_FIELDS: Readonly<Record<string, string>> = {
  __journal_priority_keyword: 'level',
  __journal_syslog_identifier: 'syslog_identifier',
};

export class JournalTargets implements Relabelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly #source: Tree;

  constructor(journal: Section, name: string, draft: Draft) {
    if (isTrue(journal.text('json')))
      draft.missing(
        journal.place('json'),
        'a line is the message; other fields of an entry are named under fields.',
      );
    this.#source = given({
      type: 'journald',
      directory: journal.text('path') || undefined,
      matches: (journal.text('matches') ?? '').split(/\s+/).filter((match) => match !== ''),
      start_at: duration(journal.text('max_age')),
    });
    this.labels = labelsOf(journal);
    draft.sources[componentName(name, draft.sources)] = this.#source;
  }

  origin(name: string): Origin | undefined {
    if (Object.hasOwn(JOURNAL_LABELS, name)) return { label: JOURNAL_LABELS[name] };
    if (Object.hasOwn(JOURNAL_FIELDS, name)) return { field: JOURNAL_FIELDS[name] };
    if (!name.startsWith(JOURNAL)) return undefined;
    const field = name.slice(JOURNAL.length).toUpperCase();
    if (!/^[A-Z_][A-Z0-9_]*$/.test(field)) return undefined;
    const fields = (this.#source['fields'] ?? []) as readonly string[];
    this.#source['fields'] = [...new Set([...fields, field])];
    return { field: field.toLowerCase().replace(/^_+/, '') };
  }
}

const SYSLOG_LABELS: Readonly<Record<string, string>> = {
  __syslog_message_hostname: 'host',
  __syslog_message_app_name: 'app_name',
};
const SYSLOG_FIELDS: Readonly<Record<string, string>> = {
  __syslog_message_severity: 'severity',
  __syslog_message_facility: 'facility',
  __syslog_message_proc_id: 'proc_id',
  __syslog_message_msg_id: 'msg_id',
};
const STRUCTURED = '__syslog_message_sd_';

export class SyslogTargets implements Relabelled {
  readonly labels: Readonly<Record<string, string>>;

  constructor(syslog: Section, name: string, draft: Draft) {
    const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(syslog.text('listen_address') ?? '') ?? [];
    const isUdp = syslog.text('listen_protocol') === 'udp';
    // Fields of structured data and both forms of messages are always known.
    syslog.pass('label_structured_data', 'syslog_format');
    if (isTrue(syslog.text('use_rfc5424_message')))
      draft.missing(
        syslog.place('use_rfc5424_message'),
        'a line is the text of the message; the rest of it are labels and fields.',
      );
    if (port === undefined)
      draft.missing(
        syslog.place('listen_address'),
        'it is no address with a port; set host and tcp_port of the source.',
      );
    const tls = syslog.section('tls_config');
    draft.sources[componentName(name, draft.sources)] = given({
      type: 'syslog',
      // Nothing before the colon is all of the machine there.
      host: port === undefined ? undefined : host || '0.0.0.0',
      tcp_port: isUdp ? 0 : whole(port, 1, 65_535),
      udp_port: isUdp ? whole(port, 1, 65_535) : 0,
      idle_timeout: duration(syslog.text('idle_timeout'), 1000),
      max_line_bytes: whole(syslog.text('max_message_length'), 1024, 1024 ** 2),
      use_message_time: isTrue(syslog.text('use_incoming_timestamp')),
      tls: tls
        ? given({
            cert_file: tls.text('cert_file'),
            key_file: tls.text('key_file'),
            client_ca_file: tls.text('ca_file'),
          })
        : undefined,
    });
    this.labels = labelsOf(syslog);
  }

  origin(name: string): Origin | undefined {
    if (Object.hasOwn(SYSLOG_LABELS, name)) return { label: SYSLOG_LABELS[name] };
    if (Object.hasOwn(SYSLOG_FIELDS, name)) return { field: SYSLOG_FIELDS[name] };
    if (name.startsWith(STRUCTURED)) return { field: name.slice(STRUCTURED.length) };
    if (name.startsWith('__syslog_connection_'))
      return { missing: 'the address of a sender is its host only where the message names none.' };
    return undefined;
  }
}

function labelsOf(section: Section): Record<string, string> {
  return Object.fromEntries(section.entries('labels').map(({ name, value }) => [name, value]));
}
