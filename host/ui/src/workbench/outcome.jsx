// The result of a run, what kind of run it was, and what to do with it next.

import { parsePath } from '../form/property-path.js';
import { propertiesOf } from '../form/schema.js';
import { PastRun } from '../history/past-run.jsx';
import { Boundary } from '../parts/boundary.jsx';
import { EmptyResult } from '../result/empty.jsx';
import { Result } from '../result/result.jsx';
import { useShapes } from '../result/use-shapes.js';
import { NextSteps } from '../reuse/next-steps.jsx';
import { focusOn, runAction } from '../state/running.js';
import { useMembers } from '../state/store.js';

export function Outcome() {
  const { address, run, shownRun, form, errors, connectionError } = useMembers(
    'work',
    'address',
    'run',
    'shownRun',
    'form',
    'errors',
    'connectionError',
  );
  const shapes = useShapes(address);
  const properties = propertiesOf(form.schema);
  const failed = {
    // Once the input has changed, the fields no longer show what was wrong with it.
    isShown: errors !== undefined || connectionError !== undefined,
    hasField: (property) => parsePath(property)[0] in properties,
    labelOf: (property) => properties[property]?.title ?? property,
    show: (property) => focusOn({ on: 'property', property }),
    showConnection: () => focusOn({ on: 'connection' }),
    run: runAction,
  };
  return (
    <>
      <h2 className="hidden">Result</h2>
      {shownRun && <PastRun id={shownRun} />}
      <Boundary key={run.startedAt} message="This result cannot be shown.">
        <Result state={run} shapes={shapes} form={failed}>
          <EmptyResult />
        </Result>
        <NextSteps />
      </Boundary>
    </>
  );
}
