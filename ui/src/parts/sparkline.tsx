interface SparklineProps {
  /** Oldest first. */
  readonly values: readonly number[];
  /** What it shows, in words, with the newest value. */
  readonly label: string;
  readonly width?: number;
  readonly height?: number;
}

/** A course of values without axes, from zero up. */
export function Sparkline({ values, label, width = 96, height = 20 }: SparklineProps) {
  const top = Math.max(...values, 1e-9);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map(
    (value, at) => `${(at * step).toFixed(1)},${(height - 1 - (value / top) * (height - 3)).toFixed(1)}`,
  );
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      {values.length > 1 && (
        <>
          <path class="sparkline-area" d={`M0,${height} L${points.join(' L')} L${width},${height} Z`} />
          <polyline points={points.join(' ')} />
        </>
      )}
    </svg>
  );
}
