// The properties of an object. Advanced ones are collapsed, by group, until one of them
// has an error.

import { useState } from 'react';
import { Chevron } from '../../parts/icons.jsx';

export function Members(props) {
  const { properties, schema, uiSchema, formData, errorSchema, title, fieldPathId } = props;
  const optionsOf = ({ name }) => uiSchema?.[name]?.['ui:options'] ?? {};
  const basic = properties.filter((property) => !optionsOf(property).advanced);
  const advanced = properties.filter((property) => optionsOf(property).advanced);
  // The page shows the root's title, and list items have a title of their own.
  const hasHeading = typeof fieldPathId.path.at(-1) === 'string';
  const isGiven = ({ name }) => {
    const value = formData?.[name];
    return !isEmpty(value) && value !== defaultOf(schema, name);
  };
  return (
    <div className="members" id={fieldPathId.$id} role="group" aria-label={title || undefined}>
      {title && hasHeading && <p className="members-title">{title}</p>}
      {basic.map(({ content }) => content)}
      {advanced.length > 0 && (
        <div className="folds">
          {[...groupsOf(advanced, optionsOf)].map(([group, members]) => (
            <Fold
              key={group}
              title={group}
              isWrong={members.some(({ name }) => hasError(errorSchema?.[name]))}
              given={members.filter(isGiven).length}
              count={members.length}
            >
              {members.map(({ content }) => content)}
            </Fold>
          ))}
        </div>
      )}
    </div>
  );
}

/** Advanced properties, collapsed until one of them has an error. */
export function Fold({ title, isWrong, given, count, children }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="fold"
      open={isOpen || isWrong}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <Chevron />
        {title}
        <span className="fold-count">
          {given > 0 ? `${given} of ${count} set` : `${count} ${count === 1 ? 'field' : 'fields'}`}
        </span>
      </summary>
      <div className="fold-body">{children}</div>
    </details>
  );
}

/** Groups in the order of their first members; those without a group come first. */
function groupsOf(properties, optionsOf) {
  const groups = new Map();
  for (const property of properties) {
    const group = optionsOf(property).group ?? 'Advanced';
    groups.set(group, [...(groups.get(group) ?? []), property]);
  }
  return [...groups].toSorted(
    ([one], [other]) => Number(other === 'Advanced') - Number(one === 'Advanced'),
  );
}

const defaultOf = (schema, name) => schema.properties?.[name]?.default;

/** rjsf fills in empty lists and maps. */
export function isEmpty(value) {
  return typeof value === 'object' ? Object.keys(value ?? {}).length === 0 : value === undefined;
}

function hasError(errors) {
  return Object.entries(errors ?? {}).some(([name, inner]) =>
    name === '__errors' ? inner?.length > 0 : hasError(inner),
  );
}
