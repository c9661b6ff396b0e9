// A list of objects. Simpler lists have dedicated fields.

import { Add, Down, Remove, Up } from '../../parts/icons.jsx';
import { Description, Required } from './field.jsx';
import { itemTitle } from './item-title.js';

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

export function ListItem({ children, buttonsProps, index, schema }) {
  const { hasMoveUp, hasMoveDown, hasRemove } = buttonsProps;
  // Only the field in the item receives its value.
  const title = itemTitle(schema, children.props.formData, index);
  return (
    <div className="list-item" role="group" aria-label={title}>
      <div className="list-item-bar">
        <span className="list-item-title">{title}</span>
        <button
          type="button"
          className="button-icon"
          aria-label={`Move ${title} up`}
          disabled={!hasMoveUp}
          onClick={buttonsProps.onMoveUpItem}
        >
          <Up />
        </button>
        <button
          type="button"
          className="button-icon"
          aria-label={`Move ${title} down`}
          disabled={!hasMoveDown}
          onClick={buttonsProps.onMoveDownItem}
        >
          <Down />
        </button>
        {hasRemove && (
          <button
            type="button"
            className="button-icon"
            aria-label={`Remove ${title}`}
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
