// The imports of render.mjs from the libraries. install.sh copies this file
// next to them, where Node.js can resolve them.

export { createElement } from 'react';
export { renderToStaticMarkup } from 'react-dom/server';
export { default as Form } from '@rjsf/core';
export { getDefaultFormState } from '@rjsf/utils';
export { default as validator } from '@rjsf/validator-ajv8';
export { JsonForms } from '@jsonforms/react';
export { vanillaCells, vanillaRenderers } from '@jsonforms/vanilla-renderers';
