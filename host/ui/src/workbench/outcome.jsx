// The result of a run, what kind of run it was, and what to do with it next.

import { useMemo } from 'react';
import { parsePath } from '../form/property-path.js';
import { propertiesOf } from '../form/schema.js';
import { PastRun } from '../history/past-run.jsx';
import { EmptyResult } from '../result/empty.jsx';
import { shapesOf } from '../result/reading/shape.js';
import { Result } from '../result/result.jsx';
import { NextSteps } from '../reuse/next-steps.jsx';
import { focusOn, runAction } from '../state/workbench.js';
import { useStore } from '../state/store.js';

export function Outcome() {
  const { run, shownRun, form, details, errors, connectionError } = useStore((state) => state.work);
  const shapes = useMemo(() => shapesOf(details), [details]);
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
      {shownRun && <PastRun id={shownRun} />}
      <Result state={run} shapes={shapes} form={failed}>
        <EmptyResult />
      </Result>
      <NextSteps />
    </>
  );
}
