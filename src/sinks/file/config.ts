/** What the file sink is told: sizes in bytes, durations in milliseconds. */
export interface FileSinkConfig {
  /** Made when missing. What lies in it under the sink's names belongs to the sink. */
  readonly directory: string;
  readonly format: 'text' | 'json';
  /** A file that would grow beyond this is closed and the next one begun; a single delivery is never divided. */
  readonly maxBytes: number;
  /** A file is closed this long after its first line. */
  readonly maxAgeMs?: number;
  /** Per output, the live one included. */
  readonly maxFiles: number;
  /** All outputs together. */
  readonly maxTotalBytes: number;
  /** Closed files are compressed with gzip. */
  readonly compress: boolean;
}
