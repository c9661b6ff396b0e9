// Selects the connection that runs use, and shows what is wrong with it.

import { asSentence } from '../parts/format.js';
import { Add, Edit } from '../parts/icons.jsx';
import { Sentence } from '../parts/sentence.jsx';
import { SESSION, chooseConnection } from './connections.js';

export function ConnectionBar({ connections, component, error, onEdit, onAdd }) {
  const { stored, session, chosen } = connections;
  return (
    <section className="connection" aria-label="Connection">
      <div className="connection-row">
        <label className="field-label" htmlFor="connection">
          Connection
        </label>
        <select
          id="connection"
          className="input select"
          value={chosen ?? ''}
          aria-invalid={Boolean(error)}
          aria-describedby="connection-error"
          onChange={({ target }) => chooseConnection(component, target.value)}
        >
          <option value="">None</option>
          {session && <option value={SESSION}>For this session</option>}
          {stored.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        {chosen && (
          <button type="button" id="connection-edit" className="button" onClick={onEdit}>
            <Edit /> <span className="wide-text">Edit</span>
          </button>
        )}
        <button type="button" id="connection-add" className="button" onClick={onAdd}>
          <Add /> <span className="wide-text">New</span>
          <span className="hidden"> connection</span>
        </button>
      </div>
      {error && (
        <p className="field-error" id="connection-error" role="alert">
          <Sentence text={asSentence(error)} />
        </p>
      )}
    </section>
  );
}
