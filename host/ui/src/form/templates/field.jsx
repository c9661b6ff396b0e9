// A field: label, control, errors and description.

import { descriptionId } from '@rjsf/utils';

export function Field(props) {
  const { id, label, children, errors, hidden, required, displayLabel, rawErrors, schema } = props;
  if (hidden) {
    return null;
  }
  const isWrong = rawErrors?.length > 0;
  return (
    <div className={isWrong ? 'field field-wrong' : 'field'} data-type={schema.type}>
      {displayLabel && (
        <label className="field-label" htmlFor={id}>
          {label}
          {required && <Required />}
        </label>
      )}
      {children}
      {errors}
      {displayLabel && <Description id={id} text={props.rawDescription} />}
    </div>
  );
}

/** Marks a required field. */
export function Required() {
  return (
    <span className="required" title="required">
      <span aria-hidden="true"> *</span>
    </span>
  );
}

export function Description({ id, text }) {
  return text ? (
    <p className="field-description" id={descriptionId(id)}>
      {text}
    </p>
  ) : null;
}
