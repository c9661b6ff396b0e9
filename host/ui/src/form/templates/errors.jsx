// The error messages below a field.

import { errorId } from '@rjsf/utils';
import { Sentence } from '../../parts/sentence.jsx';

export function Errors({ errors = [], fieldPathId }) {
  const messages = [...new Set(errors.filter(Boolean))];
  if (messages.length === 0) {
    return null;
  }
  return (
    <p className="field-error" id={errorId(fieldPathId)} role="alert">
      <Sentence text={messages.join('; ')} />
    </p>
  );
}
