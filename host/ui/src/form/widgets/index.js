// The widgets that replace rjsf's, and those that it lacks.

import { Checkboxes } from './checkboxes.jsx';
import { JsonText } from './json-text.jsx';
import { LongText } from './long-text.jsx';
import { Select } from './select.jsx';
import { Suggestions } from './suggestions.jsx';

export const widgets = {
  CheckboxesWidget: Checkboxes,
  SelectWidget: Select,
  TextareaWidget: LongText,
  json: JsonText,
  suggestions: Suggestions,
};
