// A run's progress and result.

import { useMemo } from 'react';
import { Boundary } from '../parts/boundary.jsx';
import { CodeBlock } from '../parts/code-block.jsx';
import { Attempts } from './cards/attempts.jsx';
import { Calls } from './cards/calls.jsx';
import { Metadata } from './cards/metadata.jsx';
import { Progress } from './cards/progress.jsx';
import { Reasoning } from './cards/reasoning.jsx';
import { Sources } from './cards/sources.jsx';
import { ToolCalls } from './cards/tool-calls.jsx';
import { FailureCard } from './failure/failure-card.jsx';
import { Follow } from './follow.jsx';
import { Output } from './output/output.jsx';
import { Previews } from './output/previews.jsx';
import { Rest } from './output/rest.jsx';
import { Streamed } from './output/streamed.jsx';
import { isMarkdown, readAnswer } from './reading/answer.js';
import { jsonText } from './reading/json-text.js';

/**
 * The form that a failure leads back to.
 *
 * @typedef {object} Form
 * @property {boolean} isShown whether fields or the connection show what is wrong
 * @property {(property: string) => boolean} hasField
 * @property {(property: string) => string} labelOf
 * @property {(property: string) => void} show
 * @property {() => void} showConnection
 * @property {() => void} run
 */

/**
 * @param {object} props
 * @param {import('../run/run.js').RunState} props.state
 * @param {import('./reading/shape.js').Shape[]} [props.shapes] of the action's output
 * @param {Form} [props.form] absent where the run cannot be changed
 * @param {import('react').ReactNode} [props.children] shown before the first run
 */
export function Result({ state, shapes = [], form, children }) {
  const { status, texts, reasoning, attempts, calls, previews, progress, outcome, problem } = state;
  const isRunning = status === 'running';
  if (status === 'idle') {
    return children;
  }
  return (
    <div className="result" aria-busy={isRunning}>
      <Follow isGrowing={isRunning}>
        {isRunning && <Progress progress={progress} step={state.step} timing={state.timing} />}
        <Attempts attempts={attempts} />
        <Calls calls={calls} />
        {problem && <FailureCard problem={problem} form={form} />}
        {outcome ? (
          <Boundary
            key={state.startedAt}
            message="This result can only be shown as JSON."
            fallback={<CodeBlock text={jsonText(outcome)} language="json" label="Output" />}
          >
            <Outcome outcome={outcome} shapes={shapes} state={state} />
          </Boundary>
        ) : (
          <>
            <Reasoning texts={reasoning} isRunning={isRunning && texts.length === 0} />
            <Streamed texts={texts} isMarkdown={shapes.some(isMarkdown)} isRunning={isRunning} />
            <Previews files={previews} />
            {!isRunning && <Metadata metadata={state.metadata} timing={state.timing} />}
          </>
        )}
        {status === 'cancelled' && <p className="notice">The run was cancelled.</p>}
      </Follow>
    </div>
  );
}

function Outcome({ outcome, shapes, state }) {
  const answer = useMemo(() => readAnswer(outcome, shapes), [outcome, shapes]);
  return (
    <>
      <Reasoning texts={answer.reasoning.length > 0 ? answer.reasoning : state.reasoning} />
      <Output answer={answer} input={state.input} />
      <Sources sources={answer.sources} />
      <ToolCalls groups={answer.calls} />
      <Rest answer={answer} output={outcome.output} />
      <Metadata metadata={outcome.metadata} timing={state.timing} />
    </>
  );
}
