// What to do with a result: continue the conversation, or use it in another action.

import { Add, Forward } from '../parts/icons.jsx';
import { showDialog } from '../state/shown.js';
import { useMembers } from '../state/store.js';
import { conversationOf, continueConversation } from './conversation.js';
import { piecesOf } from './pieces.js';

export function NextSteps() {
  const { run, form, details } = useMembers('work', 'run', 'form', 'details');
  if (run.status !== 'done') {
    return null;
  }
  const { output } = run.outcome ?? {};
  const conversation = conversationOf(form.schema, details.textProperty, run.input, output);
  const pieces = piecesOf(output);
  if (!conversation && pieces.length === 0) {
    return null;
  }
  return (
    <div className="next-steps">
      {conversation && (
        <button type="button" className="button" onClick={() => continueConversation(conversation)}>
          <Add /> Continue conversation
        </button>
      )}
      {pieces.length > 0 && (
        <button type="button" className="button" onClick={() => showDialog({ kind: 'use' })}>
          <Forward /> Use in…
        </button>
      )}
    </div>
  );
}
