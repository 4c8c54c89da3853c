/** The report of a soak, and what is told while it runs. */
export { Progress } from './progress.js';
export { type ReportFiles, ReportWriter, type SoakHead } from './writer.js';
