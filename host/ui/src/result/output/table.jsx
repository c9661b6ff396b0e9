// A list of objects as a table that can be sorted.

import { useMemo, useState } from 'react';
import { labelOf } from '../../parts/format.js';
import { Down, Up } from '../../parts/icons.jsx';
import { count } from '../reading/json-text.js';
import { Facts } from './facts.jsx';
import { Value } from './value.jsx';

/** The number of rows that are added at a time. */
const PAGE = 100;

/** @param {{table: import('../reading/table.js').Table, label: string}} props */
export function Table({ table, label }) {
  const { columns, rows, facts } = table;
  const [shown, setShown] = useState(PAGE);
  const [order, setOrder] = useState();
  const sorted = useMemo(() => (order ? sort(rows, order) : rows), [rows, order]);
  const name = table.name ? `${label}: ${labelOf(table.name)}` : label;
  return (
    <>
      <Facts facts={facts} />
      <div className="table-scroll" tabIndex={0} role="group" aria-label={name}>
        <table className="data-table">
          <thead>
            <tr>
              {columns.map((column) => (
                <Heading key={column.name} column={column} order={order} onOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, shown).map((row, index) => (
              // The rows of an unknown list have nothing else to identify them.
              <tr key={index}>
                {columns.map(({ name: member, display }) => (
                  <td
                    key={member}
                    className={typeof row[member] === 'number' ? 'number' : undefined}
                  >
                    <Value value={row[member]} display={display} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="data-note">{count(rows.length, 'row')}</p>
      {rows.length > shown && (
        <button
          type="button"
          className="button button-small"
          onClick={() => setShown(shown + PAGE)}
        >
          Show {count(Math.min(PAGE, rows.length - shown), 'more row')}
        </button>
      )}
    </>
  );
}

function Heading({ column, order, onOrder }) {
  const isSorted = order?.name === column.name;
  const direction = isSorted ? (order.isDescending ? 'descending' : 'ascending') : undefined;
  const next =
    isSorted && order.isDescending ? undefined : { name: column.name, isDescending: isSorted };
  return (
    <th scope="col" aria-sort={direction}>
      <button type="button" onClick={() => onOrder(next)}>
        <bdi>{column.label}</bdi>
        {isSorted && (order.isDescending ? <Down /> : <Up />)}
      </button>
    </th>
  );
}

function sort(rows, { name, isDescending }) {
  const compare = ({ [name]: one }, { [name]: other }) => {
    // Rows without a value come last in both directions.
    if (isMissing(one) || isMissing(other)) {
      return Number(isMissing(one)) - Number(isMissing(other));
    }
    const order =
      typeof one === 'number' && typeof other === 'number'
        ? one - other
        : text(one).localeCompare(text(other), 'en', { numeric: true });
    return isDescending ? -order : order;
  };
  return rows.toSorted(compare);
}

const isMissing = (value) => value === undefined || value === null || value === '';

const text = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
