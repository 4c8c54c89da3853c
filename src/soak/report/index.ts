/** The report of a soak, and what is told while it runs. */
export { Progress, type ProgressOutput } from './progress.js';
export { type ReportFiles, ReportWriter, type SoakHead } from './writer.js';
