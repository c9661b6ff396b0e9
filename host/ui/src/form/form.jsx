// A form for a schema and a uiSchema from the host, with the page's own controls.

import { useCallback, useImperativeHandle, useMemo, useRef, useState } from 'react';
// The package's index would import a validator that is not used here.
import Form from '@rjsf/core/lib/components/Form.js';
import { withControls } from './controls.js';
import { fields } from './fields/index.js';
import { withoutInnerDefaults } from './optional-objects.js';
import { focusProperty, parsePath, pathsOf } from './property-path.js';
import { templates } from './templates/index.js';
import { validator } from './validator.js';
import { widgets } from './widgets/index.js';

/** Without these, rjsf fills optional selects with their first choice, and lists with
 * items that are no files. */
const DEFAULTS = {
  constAsDefaults: 'never',
  emptyObjectFields: 'skipEmptyDefaults',
  arrayMinItems: { populate: 'never' },
};

/** Errors that are expected while the user fills in the form. */
const UNFINISHED = new Set(['required', 'minItems', 'minLength', 'minProperties']);

/**
 * @param {object} props
 * @param {object} props.schema
 * @param {object} props.uiSchema
 * @param {string} [props.idPrefix] distinguishes the forms of a page
 * @param {object} props.value
 * @param {(value: object) => void} props.onChange
 * @param {() => void} props.onSubmit called only if the data is valid
 * @param {object} [props.errors] errors reported by the service, as a tree
 * @param {import('react').Ref} props.handle receives `submit` and `focus(path)`
 */
export function SchemaForm(props) {
  const { schema, uiSchema, idPrefix = 'root', value, onChange, onSubmit, errors, handle } = props;
  const ours = useMemo(() => withoutInnerDefaults(withoutHeading(schema)), [schema]);
  const controls = useMemo(() => withControls(ours, uiSchema), [ours, uiSchema]);
  const form = useRef(null);
  const element = () => form.current.formElement.current;
  const [isFinished, setFinished] = useState(false);

  useImperativeHandle(handle, () => ({
    submit: () => {
      setFinished(true);
      // Waits for the state change: `transformErrors` must no longer filter.
      setTimeout(() => form.current?.submit());
    },
    focus: (path) => focusProperty(element(), idPrefix, parsePath(path)),
  }));

  const transformErrors = useCallback(
    (found) => (isFinished ? found : found.filter(({ name }) => !UNFINISHED.has(name))),
    [isFinished],
  );

  return (
    <Form
      ref={form}
      id={`${idPrefix}-form`}
      className="form"
      idPrefix={idPrefix}
      schema={ours}
      uiSchema={controls}
      formData={value}
      validator={validator}
      fields={fields}
      templates={templates}
      widgets={widgets}
      experimental_defaultFormStateBehavior={DEFAULTS}
      extraErrors={errors}
      extraErrorsBlockSubmit={false}
      transformErrors={transformErrors}
      // Not "onBlur": a message that appears or disappears moves everything below it,
      // and the click that left the field would miss its button.
      liveValidate="onChange"
      showErrorList={false}
      noHtml5Validate
      onChange={({ formData }) => onChange(formData)}
      onSubmit={() => {
        setFinished(false);
        onSubmit();
      }}
      onError={() => {
        const [first] = pathsOf(form.current.state.errorSchema);
        if (first) {
          focusProperty(element(), idPrefix, first);
        }
      }}
    />
  );
}

/** Drops the title and the description, which the page already shows. */
function withoutHeading(schema) {
  const { title: _title, description: _description, ...rest } = schema;
  return rest;
}
