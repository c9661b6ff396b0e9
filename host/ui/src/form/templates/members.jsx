// The properties of an object. Advanced ones are collapsed until one of them has an
// error.

import { useState } from 'react';
import { Chevron } from '../../parts/icons.jsx';

export function Members(props) {
  const { properties, schema, uiSchema, formData, errorSchema, title, fieldPathId } = props;
  const isAdvanced = ({ name }) => Boolean(uiSchema?.[name]?.['ui:options']?.advanced);
  const advanced = properties.filter(isAdvanced);
  // The page shows the root's title, and list items have a number instead.
  const hasHeading = typeof fieldPathId.path.at(-1) === 'string';
  const isWrong = advanced.some(({ name }) => hasError(errorSchema?.[name]));
  const isGiven = ({ name }) => {
    const value = formData?.[name];
    return !isEmpty(value) && value !== schema.properties?.[name]?.default;
  };
  const given = advanced.filter(isGiven).length;
  return (
    <div className="members" id={fieldPathId.$id} role="group" aria-label={title || undefined}>
      {title && hasHeading && <h4 className="members-title">{title}</h4>}
      {properties.filter((property) => !isAdvanced(property)).map(({ content }) => content)}
      {advanced.length > 0 && (
        <Fold isWrong={isWrong} given={given} count={advanced.length}>
          {advanced.map(({ content }) => content)}
        </Fold>
      )}
    </div>
  );
}

function Fold({ isWrong, given, count, children }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="fold"
      open={isOpen || isWrong}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <Chevron />
        Advanced
        <span className="fold-count">{given > 0 ? `${given} of ${count} set` : count}</span>
      </summary>
      <div className="fold-body">{children}</div>
    </details>
  );
}

/** rjsf fills in empty lists and maps. */
function isEmpty(value) {
  return typeof value === 'object' ? Object.keys(value ?? {}).length === 0 : value === undefined;
}

function hasError(errors) {
  return Object.entries(errors ?? {}).some(([name, inner]) =>
    name === '__errors' ? inner?.length > 0 : hasError(inner),
  );
}
