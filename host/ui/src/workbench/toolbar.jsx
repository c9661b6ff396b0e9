// Chooses how to edit the input, and offers to fill it in from elsewhere.

import { Paste } from '../parts/icons.jsx';
import { Segments } from '../parts/segments.jsx';
import { showInput } from '../state/input.js';
import { showDialog } from '../state/shown.js';

const VIEWS = [
  { value: false, label: 'Form' },
  { value: true, label: 'JSON' },
];

export function Toolbar({ isJson }) {
  return (
    <div className="toolbar">
      <Segments label="Edit the input as" options={VIEWS} value={isJson} onChange={showInput} />
      <span className="spring" />
      <button
        type="button"
        className="button button-small"
        onClick={() => showDialog({ kind: 'paste' })}
      >
        <Paste /> Paste JSON or curl
      </button>
    </div>
  );
}
