// Copies a link to the action with its input.

import { CopyButton } from '../parts/copy-button.jsx';
import { useMembers } from '../state/store.js';
import { linkTo } from './link.js';
import { sharedInput } from './shared-input.js';

export function CopyLink() {
  const { address, form, input } = useMembers('work', 'address', 'form', 'input');
  const shared = sharedInput(form.schema, input);
  const link = linkTo(address, shared);
  const isShort = Object.keys(shared).length > 0 && !link.includes('?');
  return (
    <CopyButton
      text={location.origin + location.pathname + link}
      label={isShort ? 'Copy link without input' : 'Copy link'}
    />
  );
}
