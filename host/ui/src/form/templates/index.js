// The templates that replace rjsf's.

import { Errors } from './errors.jsx';
import { Field } from './field.jsx';
import { Input } from './input.jsx';
import { List, ListItem } from './list.jsx';
import { Members } from './members.jsx';
import { NoButton } from './no-button.jsx';

export const templates = {
  ArrayFieldItemTemplate: ListItem,
  ArrayFieldTemplate: List,
  BaseInputTemplate: Input,
  ButtonTemplates: { SubmitButton: NoButton },
  FieldErrorTemplate: Errors,
  FieldTemplate: Field,
  ObjectFieldTemplate: Members,
};
