/** What a docker source can be told. Durations in milliseconds, sizes in bytes. */
export interface DockerSourceConfig {
  /** `unix:///path`, `tcp://host:port` or a socket's path; undefined: found as the docker command finds it. */
  readonly endpoint?: string | undefined;
  /** Where to begin in the logs of containers older than the first sight of their engine; a number is an age. */
  readonly startAt: 'beginning' | 'end' | number;
  /** Most bytes of such an old log that are read, per container. */
  readonly maxHistoryBytes: number;
  /** Capture only containers that match every kind given here. */
  readonly include?: ContainerMatch | undefined;
  /** Leave out containers that match any kind given here. */
  readonly exclude?: ContainerMatch | undefined;
  /** Docker label → stream label. */
  readonly containerLabels: Readonly<Record<string, string>>;
  /** Longer lines are cut. */
  readonly maxLineBytes: number;
}

/** Globs (`*` any characters, `?` one). An empty list or record says nothing. */
export interface ContainerMatch {
  readonly names?: readonly string[] | undefined;
  /** Tried on the whole reference and on the one without tag and digest. */
  readonly images?: readonly string[] | undefined;
  readonly composeProjects?: readonly string[] | undefined;
  /** Docker label → glob on its value. Included: all of them match. Excluded: any of them does. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}
