/** Why lines are rejected for good, for people: the reasons that the sink counts by, see docs/errors.md. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  too_old:
    'older than max_age of the sink or reject_old_samples_max_age of Loki; raise them if such lines are wanted.',
  too_new:
    'further in the future than Loki takes (creation_grace_period); check the clocks of both machines.',
  too_far_behind:
    'more than an hour behind the newest line of its stream, which Loki does not take; check the clock of what writes it.',
  out_of_order: 'older than the newest line of its stream; allow unordered_writes in Loki.',
  line_too_long:
    'longer than max_line_size of Loki; lower max_line_bytes of the sink below it, then they are cut.',
  too_large:
    'one line that is more than the server takes in one message; raise its limit, or lower max_line_bytes where the sink has it, then they are cut.',
  structured_metadata:
    'more structured metadata (fields of lines) than Loki takes, or any where it takes none (allow_structured_metadata: false, or a schema before v13); set structured_metadata: false in the sink, or allow or raise it in Loki, then redrive.',
  max_labels: 'more labels than max_label_names_per_series of Loki; take some away, or raise it.',
  invalid_labels: 'labels that Loki does not take; see its log, and the labels of the routes.',
  stream_limit:
    'one stream more than Loki takes of a tenant; use fewer labels, or raise max_global_streams_per_user.',
  refused: 'the server will not take them, and what it says is no reason that is known here; see its log.',
  not_told:
    'the receiver took a part of a request and did not say which lines it refused: they are counted, and are in the history, but not among the dead letters; see its log.',
  other: 'refused beside others, and the server did not say why; see its log.',
};

export const REJECTION_REASONS: readonly string[] = Object.keys(EXPLANATIONS);

/** A sentence that says what `reason` means and what to do, beginning with the reason. */
export function explainRejection(reason: string): string {
  return `${reason}, ${Object.hasOwn(EXPLANATIONS, reason) ? EXPLANATIONS[reason] : EXPLANATIONS['other']}`;
}
