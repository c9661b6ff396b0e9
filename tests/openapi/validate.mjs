// Validates the OpenAPI document on standard input. Prints its errors, or nothing
// if it is valid.

import { readFileSync } from 'node:fs';

import { Validator } from '@seriousme/openapi-schema-validator';

const document = JSON.parse(readFileSync(0, 'utf8'));
const { valid, errors } = await new Validator().validate(document);
if (!valid) {
  console.log(JSON.stringify(errors, null, 2));
}
