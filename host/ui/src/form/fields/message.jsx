// One message of a conversation.

import { asNumber, toFieldPathId } from '@rjsf/utils';
import { GrowingText } from '../../parts/growing-text.jsx';
import { Down, Remove, Up } from '../../parts/icons.jsx';
import { ownChoices } from '../schema.js';
import { Fold, isEmpty } from '../templates/members.jsx';
import { errorsOf } from './group.jsx';

export function Message(props) {
  const { field, shape, index, count, message, placeholder, onChange, onMove, onRemove } = props;
  const { properties, required = [] } = field.schema.items;
  const number = index + 1;
  const isNeeded = count <= (field.schema.minItems ?? 0);
  const speaker = shape.others.map((name) => message[name]).find((value) => isText(value));
  const errors = field.errorSchema?.[index] ?? {};
  const below = { errorSchema: errors };
  const own = (errors.__errors ?? []).filter(Boolean);

  const put = (name, value) => {
    const { [name]: _before, ...rest } = message;
    onChange(value === undefined ? rest : { ...message, [name]: value });
  };
  const control = (name) => ({
    id: `${field.fieldPathId.$id}_${index}_${name}`,
    label: `${properties[name].title ?? name} ${number}`,
    schema: properties[name],
    value: message[name],
    isRequired: required.includes(name),
    errors: errorsOf(below, name),
    onChange: (value) => put(name, value),
    onBlur: () => field.onBlur(field.fieldPathId.$id, field.formData),
  });
  const text = control(shape.text);

  return (
    <li className="message" data-speaker={speaker}>
      <div className="message-bar">
        {shape.others.map((name) => (
          <Short key={name} {...control(name)} />
        ))}
        <span className="message-tools">
          <button
            type="button"
            className="button-icon"
            aria-label={`Move message ${number} up`}
            disabled={index === 0}
            onClick={() => onMove(index - 1)}
          >
            <Up />
          </button>
          <button
            type="button"
            className="button-icon"
            aria-label={`Move message ${number} down`}
            disabled={index === count - 1}
            onClick={() => onMove(index + 1)}
          >
            <Down />
          </button>
          <button
            type="button"
            className="button-icon"
            aria-label={`Remove message ${number}`}
            disabled={isNeeded}
            onClick={onRemove}
          >
            <Remove />
          </button>
        </span>
      </div>
      <label className="hidden" htmlFor={text.id}>
        {text.label}
      </label>
      <GrowingText
        id={text.id}
        className="message-text"
        minRows={2}
        value={text.value ?? ''}
        placeholder={placeholder}
        required={text.isRequired}
        aria-invalid={text.errors.length > 0}
        aria-describedby={`${text.id}__error`}
        onChange={({ target }) => text.onChange(target.value === '' ? undefined : target.value)}
        onBlur={text.onBlur}
      />
      <FieldError id={`${text.id}__error`} messages={[...text.errors, ...own]} />
      <Advanced field={field} names={shape.advanced} index={index} message={message} />
    </li>
  );
}

/** The advanced members of a message, such as its attachments. */
function Advanced({ field, names, index, message }) {
  const { registry, schema, uiSchema, fieldPathId, errorSchema, onChange, onBlur, onFocus } = field;
  const { properties } = registry.schemaUtils.retrieveSchema(schema.items, message);
  const shown = names.filter((name) => properties[name]);
  if (shown.length === 0) {
    return null;
  }
  const { SchemaField } = registry.fields;
  const path = [...fieldPathId.path, index];
  const errors = errorSchema?.[index] ?? {};
  return (
    <Fold
      title="Advanced"
      isWrong={shown.some((name) => errors[name])}
      given={shown.filter((name) => !isEmpty(message[name])).length}
      count={shown.length}
    >
      {shown.map((name) => (
        <SchemaField
          key={name}
          name={name}
          schema={properties[name]}
          uiSchema={uiSchema?.items?.[name]}
          formData={message[name]}
          errorSchema={errors[name]}
          fieldPathId={toFieldPathId(name, registry.globalFormOptions, path)}
          registry={registry}
          onChange={onChange}
          onBlur={onBlur}
          onFocus={onFocus}
        />
      ))}
    </Fold>
  );
}

/** A choice or a number. */
function Short({ id, label, schema, value, isRequired, errors, onChange, onBlur }) {
  const shared = {
    id,
    'aria-label': label,
    'aria-invalid': errors.length > 0,
    'aria-describedby': `${id}__error`,
    title: schema.description,
    onBlur,
  };
  return (
    <span className="message-part">
      {schema.oneOf ? (
        <select
          {...shared}
          className="input select"
          value={JSON.stringify(value) ?? ''}
          onChange={({ target }) => onChange(target.value ? JSON.parse(target.value) : undefined)}
        >
          {!(isRequired && value !== undefined) && <option value="">{schema.title}</option>}
          {ownChoices(schema).map((choice) => (
            <option key={choice.label} value={JSON.stringify(choice.value)}>
              {choice.label}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          className="input input-number"
          inputMode="decimal"
          placeholder={schema.title}
          value={value ?? ''}
          onChange={({ target }) => onChange(asNumber(target.value) ?? undefined)}
        />
      )}
      <FieldError id={`${id}__error`} messages={errors} />
    </span>
  );
}

function FieldError({ id, messages }) {
  return messages.length > 0 ? (
    <p className="field-error" id={id} role="alert">
      {messages.join('; ')}
    </p>
  ) : null;
}

const isText = (value) => typeof value === 'string' && value.length < 40;
