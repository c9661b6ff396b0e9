// Renders one form with react-jsonschema-form and with JSON Forms:
//
//     render.mjs FOLDER SCHEMA UI-SCHEMA JSON-FORMS
//
// FOLDER is what install.sh filled, the others are the form's documents.
// Standard input is a list of form data. Standard output is a list with, for
// each of them:
//
//     rjsf, json-forms  outline: what is on the page
//                       complaints: what the library cannot show
//     submitted         what rjsf hands over if nothing more is typed
//     errors            what rjsf then finds wrong: pairs of place and words

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { outline } from './outline.mjs';

const [folder, ...documents] = process.argv.slice(2);
const [schema, uiSchema, jsonFormsUi] = documents.map((file) => JSON.parse(readFileSync(file)));

const libraries = await import(pathToFileURL(resolve(folder, 'libraries.mjs')));
const { createElement, renderToStaticMarkup, getDefaultFormState, validator } = libraries;
const { Form, JsonForms, vanillaCells, vanillaRenderers } = libraries;

// What README.md asks of the page around rjsf.
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
    // Otherwise only the field that has the focus shows its description.
    config: { showUnfocusedDescription: true },
  });

// What a library cannot show, it says on the page or on the console, there
// with the element of the UI schema behind the words.
function page(component, properties) {
  const complaints = [];
  const complain = (words, element) =>
    complaints.push([words, element?.scope].filter(Boolean).join(' '));
  Object.assign(console, { log: complain, warn: complain, error: complain });
  const html = renderToStaticMarkup(createElement(component, properties));
  complaints.push(...(html.match(/(?:Unsupported field|No applicable)[^<]*/g) ?? []));
  return { outline: outline(html), complaints };
}

function submit(formData) {
  const submitted = getDefaultFormState(validator, schema, formData, schema, false, behavior);
  const { errors } = validator.validateFormData(submitted, schema);
  const place = (property) => property.replace(/^\./, '');
  return { submitted, errors: errors.map((error) => [place(error.property), error.message]) };
}

const answers = JSON.parse(readFileSync(0)).map((data) => ({
  rjsf: rjsf(data),
  'json-forms': jsonForms(data),
  ...submit(data),
}));
process.stdout.write(JSON.stringify(answers));
