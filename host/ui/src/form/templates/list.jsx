// A list of objects. Simpler lists have dedicated fields.

import { Add, Down, Remove, Up } from '../../parts/icons.jsx';
import { Description, Required } from './field.jsx';

export function List({ items, canAdd, onAddClick, title, schema, required, fieldPathId }) {
  return (
    <fieldset className="group" id={fieldPathId.$id}>
      <legend className="field-label">
        {title}
        {required && <Required />}
      </legend>
      <Description id={fieldPathId.$id} text={schema.description} />
      <div className="list">{items}</div>
      {canAdd && (
        <button type="button" className="button button-small" onClick={onAddClick}>
          <Add /> Add
        </button>
      )}
    </fieldset>
  );
}

export function ListItem({ children, buttonsProps, index }) {
  const { hasMoveUp, hasMoveDown, hasRemove } = buttonsProps;
  const number = index + 1;
  return (
    <div className="list-item">
      <div className="list-item-bar">
        <span className="list-item-number">{number}</span>
        <button
          type="button"
          className="button-icon"
          aria-label={`Move ${number} up`}
          disabled={!hasMoveUp}
          onClick={buttonsProps.onMoveUpItem}
        >
          <Up />
        </button>
        <button
          type="button"
          className="button-icon"
          aria-label={`Move ${number} down`}
          disabled={!hasMoveDown}
          onClick={buttonsProps.onMoveDownItem}
        >
          <Down />
        </button>
        {hasRemove && (
          <button
            type="button"
            className="button-icon"
            aria-label={`Remove ${number}`}
            onClick={buttonsProps.onRemoveItem}
          >
            <Remove />
          </button>
        )}
      </div>
      {children}
    </div>
  );
}
