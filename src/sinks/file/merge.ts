/**
 * Within a block lines are grouped by stream; people want to read stdout and stderr as they happened.
 */
export interface Times {
  readonly seconds: ArrayLike<number>;
  readonly nanos: ArrayLike<number>;
}

/**
 * Merges some streams' rows into `merged`, from its beginning, by the time of each stream's next line; equal times take
 * the earlier named stream first. Within a stream nothing is reordered, also where its own times go backwards.
 *
 * The rows of stream i are rows[bounds[i] .. bounds[i + 1]). Returns how many rows there are.
 */
export function mergeStreams(
  { seconds, nanos }: Times,
  rows: Uint32Array,
  streams: readonly number[],
  bounds: readonly number[],
  merged: Uint32Array,
): number {
  const heads = streams.map((stream) => bounds[stream]);
  const ends = streams.map((stream) => bounds[stream + 1]);
  for (let count = 0; ; count++) {
    let next = -1;
    let nextRow = 0;
    for (let i = 0; i < heads.length; i++) {
      if (heads[i] === ends[i]) continue;
      const row = rows[heads[i]];
      const earlier =
        next < 0 ||
        seconds[row] < seconds[nextRow] ||
        (seconds[row] === seconds[nextRow] && nanos[row] < nanos[nextRow]);
      if (earlier) {
        next = i;
        nextRow = row;
      }
    }
    if (next < 0) return count;
    heads[next]++;
    merged[count] = nextRow;
  }
}
