/** Rows of what is still to come. */
export function Skeleton({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_none, row) => (
        <div key={row} class={`skeleton-row skeleton-${row % 4}`} />
      ))}
    </div>
  );
}
