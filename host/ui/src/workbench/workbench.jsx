// The workbench of an action: connection and form on one side, the result and what
// belongs to it on the other. On a phone, the form is the first of the tabs.

import { useEffect, useMemo, useRef } from 'react';
import { Code as CodePanel } from '../code/code.jsx';
import { Docs } from '../docs/docs.jsx';
import { useConnections } from '../connection/connections.js';
import { History } from '../history/history.jsx';
import { Tabs } from '../parts/tabs.jsx';
import { isNarrow, useIsNarrow } from '../parts/use-is-narrow.js';
import { RunBar } from '../run/run-bar.jsx';
import { closeAction, openAction, openLink } from '../state/opening.js';
import { runAction } from '../state/running.js';
import { showTab } from '../state/shown.js';
import { store, useMembers, useStore } from '../state/store.js';
import { Dialogs } from './dialogs.jsx';
import { InputSide } from './input-side.jsx';
import { Outcome } from './outcome.jsx';

export function Workbench({ component, action }) {
  const work = useMembers('work', 'address', 'form', 'loadError', 'isBroken', 'focus');
  const isRunning = useStore((state) => state.work.run?.status === 'running');
  const tab = useStore((state) => state.shown.tab);
  const route = useStore((state) => state.route);
  const round = useStore((state) => state.catalog.round);
  const connections = useConnections(component.address);
  const isPhone = useIsNarrow();
  const handle = useRef(null);
  const isOpen = work.address === action.address && work.form !== undefined;

  useEffect(() => {
    openAction(component, action, store.get().route);
    return closeAction;
  }, [component, action, round]);
  useEffect(() => {
    if (route?.address === store.get().work.address) {
      openLink(route);
    }
  }, [route]);
  useFocus(work.focus, handle);

  const submit = () => {
    if (work.isBroken) {
      document.getElementById('json-input')?.focus();
    } else if (handle.current) {
      handle.current.submit();
    } else {
      // There is no form beside the JSON; the service checks the input.
      runAction();
    }
  };
  useRunKey(isOpen && !isRunning && submit);

  const outcome = useMemo(
    () => [
      {
        id: 'result',
        label: 'Result',
        badge: isRunning && 'running',
        isKept: true,
        content: <Outcome />,
      },
      { id: 'history', label: 'History', content: <History /> },
      { id: 'code', label: 'Code', content: <CodePanel connections={connections} /> },
      {
        id: 'docs',
        label: 'Docs',
        isKept: true,
        content: <Docs component={component.address} title={action.title} />,
      },
    ],
    [isRunning, connections, component, action],
  );

  if (work.loadError && work.address === action.address) {
    return (
      <p className="notice notice-bad" role="alert">
        {work.loadError}
      </p>
    );
  }
  if (!isOpen) {
    return <p className="notice">Loading…</p>;
  }
  const form = <InputSide connections={connections} handle={handle} />;
  const bar = <RunBar onRun={submit} />;
  return (
    <div className="workbench">
      {isPhone ? (
        <>
          <Tabs
            tabs={[{ id: 'form', label: 'Input', isKept: true, content: form }, ...outcome]}
            current={tab}
            onChange={showTab}
          />
          {bar}
        </>
      ) : (
        <>
          <div className="side">
            {form}
            {bar}
          </div>
          <aside className="side outcome" aria-label="Result, history, code and docs">
            <Tabs tabs={outcome} current={tab === 'form' ? 'result' : tab} onChange={showTab} />
          </aside>
        </>
      )}
      <Dialogs component={component} />
    </div>
  );
}

/** Runs the action on Ctrl+Enter, wherever the focus is, but not in a dialog. */
function useRunKey(run) {
  const latest = useRef();
  latest.current = run;
  useEffect(() => {
    const press = (event) => {
      const wantsRun = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
      if (wantsRun && latest.current && !document.querySelector('dialog[open]')) {
        event.preventDefault();
        latest.current();
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}

/** Moves the focus to the cause of a failure, after the render that shows it. */
function useFocus(focus, handle) {
  useEffect(() => {
    if (!focus) {
      return;
    }
    const failure = () => document.getElementById('failure')?.focus();
    const { on, property } = focus;
    if (on === 'failure') {
      setTimeout(failure);
      return;
    }
    if (isNarrow()) {
      showTab('form');
    }
    setTimeout(() => {
      if (on === 'connection') {
        document.querySelector('#connection-edit, #connection-add, .connect input')?.focus();
      } else if (!handle.current?.focus(property)) {
        showTab('result');
        setTimeout(failure);
      }
    });
  }, [focus, handle]);
}
