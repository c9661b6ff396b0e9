// Renders one form with react-jsonschema-form and with JSON Forms:
//
//     render.mjs FOLDER SCHEMA UI-SCHEMA JSON-FORMS
//
// FOLDER is where install.sh installed the libraries; the other arguments are the
// form's documents. Standard input is a list of form data. Standard output is a list
// with an object for each of them:
//
//     rjsf, json-forms  outline: the content of the page
//                       complaints: what the library cannot render
//     submitted         the data that rjsf submits without further input
//     errors            the errors that rjsf then finds: pairs of path and message

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { outline } from './outline.mjs';

const [folder, ...documents] = process.argv.slice(2);
const [schema, uiSchema, jsonFormsUi] = documents.map((file) => JSON.parse(readFileSync(file)));

const libraries = await import(pathToFileURL(resolve(folder, 'libraries.mjs')));
const { createElement, renderToStaticMarkup, getDefaultFormState, validator } = libraries;
const { Form, JsonForms, vanillaCells, vanillaRenderers } = libraries;

// The options that README.md tells users to set for rjsf.
const behavior = { constAsDefaults: 'never', emptyObjectFields: 'skipEmptyDefaults' };

const rjsf = (formData) =>
  page(Form, {
    schema,
    uiSchema,
    formData,
    validator,
    experimental_defaultFormStateBehavior: behavior,
  });

const jsonForms = (data) =>
  page(JsonForms, {
    schema,
    uischema: jsonFormsUi,
    data,
    renderers: vanillaRenderers,
    cells: vanillaCells,
    // By default, only the focused field shows its description.
    config: { showUnfocusedDescription: true },
  });

// What a library cannot render is reported on the page or on the console. On the
// console, the element of the UI schema follows the message.
function page(component, properties) {
  const complaints = [];
  const complain = (message, element) =>
    complaints.push([message, element?.scope].filter(Boolean).join(' '));
  Object.assign(console, { log: complain, warn: complain, error: complain });
  const html = renderToStaticMarkup(createElement(component, properties));
  complaints.push(...(html.match(/(?:Unsupported field|No applicable)[^<]*/g) ?? []));
  return { outline: outline(html), complaints };
}

function submit(formData) {
  const submitted = getDefaultFormState(validator, schema, formData, schema, false, behavior);
  const { errors } = validator.validateFormData(submitted, schema);
  const path = (property) => property.replace(/^\./, '');
  return { submitted, errors: errors.map((error) => [path(error.property), error.message]) };
}

const answers = JSON.parse(readFileSync(0)).map((data) => ({
  rjsf: rjsf(data),
  'json-forms': jsonForms(data),
  ...submit(data),
}));
process.stdout.write(JSON.stringify(answers));
