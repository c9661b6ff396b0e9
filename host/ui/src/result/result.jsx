// A run's progress and result.

import { Attempts } from './attempts.jsx';
import { Calls } from './calls.jsx';
import { FailureCard } from './failure-card.jsx';
import { Metadata } from './metadata.jsx';
import { Output } from './output.jsx';
import { Previews } from './previews.jsx';
import { Progress } from './progress.jsx';
import { Streamed } from './streamed.jsx';

/** @param {{state: import('../run/use-run.js').RunState}} props */
export function Result({ state, children }) {
  const { status, texts, attempts, calls, previews, progress, outcome, problem, input } = state;
  const isRunning = status === 'running';
  if (status === 'idle') {
    return children;
  }
  return (
    <div className="result" aria-busy={isRunning} aria-live="polite">
      {isRunning && <Progress progress={progress} />}
      <Attempts attempts={attempts} />
      <Calls calls={calls} />
      {problem && <FailureCard problem={problem} />}
      {outcome ? (
        <>
          <Output output={outcome.output} input={input} />
          <Metadata metadata={outcome.metadata} />
        </>
      ) : (
        <>
          <Streamed texts={texts} isRunning={isRunning} />
          <Previews files={previews} />
        </>
      )}
      {status === 'cancelled' && <p className="notice">The run was cancelled.</p>}
    </div>
  );
}
