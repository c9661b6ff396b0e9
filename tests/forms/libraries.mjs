// What render.mjs takes from the libraries. install.sh puts this file beside
// them, where Node.js finds them.

export { createElement } from 'react';
export { renderToStaticMarkup } from 'react-dom/server';
export { default as Form } from '@rjsf/core';
export { getDefaultFormState } from '@rjsf/utils';
export { default as validator } from '@rjsf/validator-ajv8';
export { JsonForms } from '@jsonforms/react';
export { vanillaCells, vanillaRenderers } from '@jsonforms/vanilla-renderers';
