// The result of a run, what kind of run it was, and what to do with it next.

import { PastRun } from '../history/past-run.jsx';
import { Play } from '../parts/icons.jsx';
import { Result } from '../result/result.jsx';
import { NextSteps } from '../reuse/next-steps.jsx';
import { useStore } from '../state/store.js';

export function Outcome() {
  const { run, shownRun } = useStore((state) => state.work);
  return (
    <>
      {shownRun && <PastRun id={shownRun} />}
      <Result state={run}>
        <div className="empty">
          <Play />
          <p>The result appears here.</p>
          <p>
            Fill in the form, or choose an example, then press <b>Run</b> or <kbd>Ctrl</kbd>{' '}
            <kbd>Enter</kbd>.
          </p>
        </div>
      </Result>
      <NextSteps />
    </>
  );
}
