// Copies text and confirms it.

import { useEffect, useState } from 'react';
import { Check, Copy } from './icons.jsx';

/**
 * @param {object} props
 * @param {string | (() => string)} props.text a function if the text takes time to make
 * @param {string} [props.label]
 * @param {string} [props.name] what is copied, if the label does not say it
 */
export function CopyButton({ text, label = 'Copy', name }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    const timer = isCopied && setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = () =>
    navigator.clipboard.writeText(typeof text === 'function' ? text() : text).then(
      () => setCopied(true),
      () => {},
    );
  return (
    <button type="button" className="button button-small" aria-label={name} onClick={copy}>
      {isCopied ? <Check /> : <Copy />}
      <span aria-live="polite">{isCopied ? 'Copied' : label}</span>
    </button>
  );
}
