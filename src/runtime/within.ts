/**
 * Waits for `work`, but at most `ms` milliseconds: true where it was done by then. It stops the waiting only, never the
 * work, so `work` must be somebody's who ends it. A failure of `work` counts as done.
 */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}
