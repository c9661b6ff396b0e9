// A form from a schema and a uiSchema of the host, with the page's controls.

import { useCallback, useImperativeHandle, useMemo, useRef, useState } from 'react';
// The package's own index wants the validator that is not used here.
import Form from '@rjsf/core/lib/components/Form.js';
import { withControls } from './controls.js';
import { fields } from './fields/index.js';
import { focusProperty, parsePath, pathsOf } from './property-path.js';
import { templates } from './templates/index.js';
import { validator } from './validator.js';
import { widgets } from './widgets/index.js';

/** Without these, rjsf fills optional selects with their first choice. */
const DEFAULTS = { constAsDefaults: 'never', emptyObjectFields: 'skipEmptyDefaults' };

/** What is only not there yet is no mistake while a form is filled. */
const UNFINISHED = new Set(['required', 'minItems', 'minLength', 'minProperties']);

/**
 * @param {object} props
 * @param {object} props.schema
 * @param {object} props.uiSchema
 * @param {object} props.value
 * @param {(value: object) => void} props.onChange
 * @param {() => void} props.onSubmit called with valid data only
 * @param {object} [props.errors] errors from elsewhere, as a tree
 * @param {object} [props.context] what controls need to know of the page
 * @param {import('react').Ref} props.handle gets `submit` and `focus(path)`
 */
export function SchemaForm(props) {
  const { schema, uiSchema, value, onChange, onSubmit, errors, context, handle, children } = props;
  const ours = useMemo(() => withoutHeading(schema), [schema]);
  const controls = useMemo(() => withControls(schema, uiSchema), [schema, uiSchema]);
  const form = useRef(null);
  const element = () => form.current.formElement.current;
  const [isFinished, setFinished] = useState(false);

  useImperativeHandle(handle, () => ({
    submit: () => {
      setFinished(true);
      // With the next state: `transformErrors` must let everything through.
      setTimeout(() => form.current?.submit());
    },
    focus: (path) => focusProperty(element(), parsePath(path)),
  }));

  const transformErrors = useCallback(
    (found) => (isFinished ? found : found.filter(({ name }) => !UNFINISHED.has(name))),
    [isFinished],
  );

  return (
    <Form
      ref={form}
      className="form"
      schema={ours}
      uiSchema={controls}
      formData={value}
      formContext={context}
      validator={validator}
      fields={fields}
      templates={templates}
      widgets={widgets}
      experimental_defaultFormStateBehavior={DEFAULTS}
      extraErrors={errors}
      extraErrorsBlockSubmit={false}
      transformErrors={transformErrors}
      // Not when a field is left: a message that comes or goes moves what is
      // below it, and the click that left the field would miss its button.
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
          focusProperty(element(), first);
        }
      }}
    >
      {children}
    </Form>
  );
}

/** The page has said the title and the description already. */
function withoutHeading(schema) {
  const { title: _title, description: _description, ...rest } = schema;
  return rest;
}
