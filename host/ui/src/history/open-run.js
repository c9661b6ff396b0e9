// Opens a run of the history again.

import { fill } from '../state/input.js';
import { openThen } from '../state/opening.js';
import { runAction, showRun } from '../state/running.js';
import { showTab } from '../state/shown.js';
import { isNarrow } from '../parts/use-is-narrow.js';
import { formatTime } from './time.js';

export function openRun(run) {
  openThen(run.address, () => showRun(run));
}

/** Fills in the form with the input of a run. */
export function editRun(run) {
  openThen(run.address, () => {
    fill(run.input, `Filled in from the run of ${formatTime(run.at)}.`);
    if (isNarrow()) {
      showTab('form');
    }
    setTimeout(() => document.querySelector('#root-form :is(input, textarea, select)')?.focus());
  });
}

export function runAgain(run) {
  openThen(run.address, () => {
    fill(run.input, `Filled in from the run of ${formatTime(run.at)}.`);
    runAction();
  });
}
