import type { Job, JobContext } from '../job-context.js';
import type { HistoryRequest } from '../requests.js';
import { context } from './context.js';
import { download } from './download.js';
import { histogram } from './histogram.js';
import { labels } from './labels.js';
import { search } from './search.js';

type Jobs = {
  readonly [K in HistoryRequest['kind']]: (
    worker: JobContext,
    request: Extract<HistoryRequest, { kind: K }>,
  ) => Job;
};
const JOBS: Jobs = { search, histogram, download, context, labels };

export function startJob(worker: JobContext, request: HistoryRequest): Job {
  const job = JOBS[request.kind] as (worker: JobContext, request: HistoryRequest) => Job;
  return job(worker, request);
}
