import type { ApiError } from '../lib/api.js';
import { ErrorNotice } from './notice.js';
import { Skeleton } from './skeleton.js';

/** A page whose first answer has not come: that it comes, or why it does not. */
export function NotYet({
  error,
  onRetry,
}: {
  readonly error: ApiError | undefined;
  readonly onRetry: () => void;
}) {
  if (!error) return <Skeleton />;
  return (
    <div class="page">
      <ErrorNotice error={error} onRetry={onRetry} />
    </div>
  );
}
