// The forms' validator.
//
// rjsf's own, `@rjsf/validator-ajv8`, compiles each schema to code, which the page's
// Content-Security-Policy forbids. Its precompiled variant needs the schemas at build
// time, but they depend on the service's connectors. `@cfworker/json-schema`
// interprets schemas, and supports draft-07, the dialect of the host's forms.

import { Validator } from '@cfworker/json-schema';
import { toErrorSchema } from '@rjsf/utils';
import { fieldErrors } from './field-errors.js';

/** Validators by schema: rjsf validates often, and mostly with the same objects. */
const known = new WeakMap();

function validatorOf(schema) {
  let validator = known.get(schema);
  if (!validator) {
    validator = new Validator(schema, '7', false);
    known.set(schema, validator);
  }
  return validator;
}

/** The value as it would be sent: without undefined members. */
function sent(value) {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

/** What is wrong with a value: the path and a message for each mistake. */
export function mistakesIn(schema, value) {
  const instance = sent(value);
  return fieldErrors(schema, instance, validatorOf(schema).validate(instance).errors);
}

/** @type {import('@rjsf/utils').ValidatorType} */
export const validator = {
  validateFormData(formData, schema, _customValidate, transformErrors, uiSchema) {
    const instance = sent(formData);
    const { errors: units } = validatorOf(schema).validate(instance);
    const found = fieldErrors(schema, instance, units).map(({ path, keyword, message }) => ({
      name: keyword,
      property: path.map((step) => `.${step}`).join(''),
      message,
      stack: message,
    }));
    const errors = transformErrors ? transformErrors(found, uiSchema) : found;
    return { errors, errorSchema: toErrorSchema(errors) };
  },

  // The host's forms have no `$ref`, so the root schema is not needed.
  isValid(schema, formData) {
    if (typeof schema === 'boolean') {
      return schema;
    }
    return validatorOf(schema).validate(sent(formData)).valid;
  },

  rawValidation(schema, formData) {
    return validatorOf(schema).validate(sent(formData));
  },
};
