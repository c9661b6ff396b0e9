// Copies a link to the action with its input.

import { withoutSecrets } from '../form/schema.js';
import { changedInput } from '../form/sent.js';
import { CopyButton } from '../parts/copy-button.jsx';
import { useMembers } from '../state/store.js';
import { linkTo } from './link.js';

export function CopyLink() {
  const { address, form, input } = useMembers('work', 'address', 'form', 'input');
  const shared = changedInput(form.schema, withoutSecrets(form.schema, input));
  const link = linkTo(address, shared);
  const isShort = Object.keys(shared).length > 0 && !link.includes('?');
  return (
    <CopyButton
      text={location.origin + location.pathname + link}
      label={isShort ? 'Copy link without input' : 'Copy link'}
    />
  );
}
