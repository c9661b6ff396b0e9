// A value as data: as a table if it is a list of objects, as a tree, and as JSON text.

import { useMemo, useState } from 'react';
import { CodeBlock } from '../../parts/code-block.jsx';
import { Segments } from '../../parts/segments.jsx';
import { jsonText } from '../reading/json-text.js';
import { tableIn } from '../reading/table.js';
import { hasMembers } from '../reading/tree.js';
import { Table } from './table.jsx';
import { Tree } from './tree.jsx';

/**
 * @param {object} props
 * @param {unknown} props.value
 * @param {string} props.label what the value is, for screen readers
 * @param {import('../reading/shape.js').Shape} [props.shape]
 */
export function Data({ value, label, shape }) {
  const table = useMemo(() => tableIn(value, shape), [value, shape]);
  const isTree = hasMembers(value);
  const views = [
    ...(table ? [{ value: 'table', label: 'Table' }] : []),
    ...(isTree ? [{ value: 'tree', label: 'Tree' }] : []),
    { value: 'json', label: 'JSON' },
  ];
  const [chosen, setChosen] = useState();
  const view = views.some(({ value: id }) => id === chosen) ? chosen : views[0].value;
  return (
    <div className="data">
      {views.length > 1 && (
        <Segments label={`View of ${label}`} options={views} value={view} onChange={setChosen} />
      )}
      {view === 'table' && <Table table={table} label={label} />}
      {view === 'tree' && <Tree value={value} label={label} />}
      {view === 'json' && <CodeBlock text={jsonText(value)} language="json" label={label} />}
    </div>
  );
}
