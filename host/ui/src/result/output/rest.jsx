// What an output contains apart from texts, transcripts and files.

import { Chevron } from '../../parts/icons.jsx';
import { Data } from './data.jsx';
import { Facts } from './facts.jsx';

/**
 * @param {object} props
 * @param {import('../reading/answer.js').Answer} props.answer
 * @param {unknown} props.output
 */
export function Rest({ answer, output }) {
  const { facts, data, shape } = answer;
  return (
    <>
      <Facts facts={facts} />
      {data === 'empty' && <p className="data-note">The action returned no output.</p>}
      {data === 'open' && <Data value={output} label="Output" shape={shape} />}
      {data === 'folded' && (
        <details className="fold">
          <summary>
            <Chevron /> As data
          </summary>
          <Data value={output} label="Output" shape={shape} />
        </details>
      )}
    </>
  );
}
