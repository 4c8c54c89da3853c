/** What is asked of a soak, one question for each thing that must hold, in the order of the report. */
import type { Criterion } from '../../selftest/criteria.js';
import type { Sample, SoakFacts } from '../types.js';
import { agentAnswers, agentCpu, goodHealth, noErrors } from './agent.js';
import { containersReplaced } from './churn.js';
import { censusAsBefore, descriptorsGone, objectsAsBefore } from './drained.js';
import { engineCpu, requestsAgree } from './engine.js';
import { faultsOvercome } from './faults.js';
import { descriptorGrowth, ownedGrowth, unownedGrowth } from './growth.js';
import { heartbeatsAsPredicted } from './heartbeats.js';
import { absence, silence } from './instruments.js';
import { everyLineOnce, noGaps, nothingUnaccounted } from './lines.js';
import { codeMemory, liveMemory, residentMemory } from './memory.js';
import { poolAtCapacity } from './pool.js';
import { rotationsAsPredicted } from './rotations.js';
import { type Question, type Seen, see } from './seen.js';
import { nothingUnowned } from './unowned.js';

export const QUESTIONS: readonly Question[] = [
  agentAnswers,
  containersReplaced,
  everyLineOnce,
  noGaps,
  nothingUnaccounted,
  poolAtCapacity,
  rotationsAsPredicted,
  heartbeatsAsPredicted,
  requestsAgree,
  ownedGrowth,
  unownedGrowth,
  nothingUnowned,
  descriptorGrowth,
  liveMemory,
  codeMemory,
  residentMemory,
  censusAsBefore,
  descriptorsGone,
  objectsAsBefore,
  faultsOvercome,
  noErrors,
  goodHealth,
  agentCpu,
  engineCpu,
];

/** In a stable order. Never throws, whatever the samples lack: what cannot be judged for want of figures has failed. */
export function judge(samples: readonly Sample[], facts: SoakFacts): readonly Criterion[] {
  const seen = see(samples, facts);
  return QUESTIONS.flatMap((question) => ask(question, seen));
}

function ask(question: Question, seen: Seen): readonly Criterion[] {
  const { id, mark, reads } = question;
  const absent = reads.map((name) => absence(name, seen)).find((words) => words !== undefined);
  if (absent !== undefined) return [{ id, mark, measured: `not judged: ${absent}`, verdict: 'short' }];
  const silent = reads.flatMap((name) => silence(name, seen) ?? []);
  if (silent.length > 0) {
    return [
      { id, mark, measured: `a silent instrument proves nothing: ${silent.join('; ')}`, verdict: 'fail' },
    ];
  }
  const answer = question.answer(seen);
  return 'verdict' in answer ? [{ id, mark, ...answer }] : answer;
}
