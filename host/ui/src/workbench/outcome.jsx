// The result of a run, what kind of run it was, and what to do with it next.

import { PastRun } from '../history/past-run.jsx';
import { Boundary } from '../parts/boundary.jsx';
import { Play } from '../parts/icons.jsx';
import { Result } from '../result/result.jsx';
import { NextSteps } from '../reuse/next-steps.jsx';
import { useStore } from '../state/store.js';

export function Outcome() {
  const { run, shownRun } = useStore((state) => state.work);
  return (
    <>
      {shownRun && <PastRun id={shownRun} />}
      <Boundary key={run.startedAt} message="This result cannot be shown.">
        <Result state={run}>
          <div className="empty">
            <Play />
            <p>Fill in the form, or choose an example, and press Run.</p>
            <p className="empty-keys">
              <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs from anywhere in the form
            </p>
          </div>
        </Result>
        <NextSteps />
      </Boundary>
    </>
  );
}
