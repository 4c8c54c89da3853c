import type { Job, JobContext } from '../job-context.js';
import type { HistoryRequest } from '../requests.js';
import { context } from './context.js';
import { download } from './download.js';
import { histogram } from './histogram.js';
import { labels } from './labels.js';
import { search } from './search.js';

export function startJob(worker: JobContext, request: HistoryRequest): Job {
  switch (request.kind) {
    case 'search':
      return search(worker, request);
    case 'histogram':
      return histogram(worker, request);
    case 'download':
      return download(worker, request);
    case 'context':
      return context(worker, request);
    case 'labels':
      return labels(worker, request);
  }
}
