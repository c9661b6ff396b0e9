// A text area that grows with its content.

import { useLayoutEffect, useRef } from 'react';

/** @param {{minRows?: number} & import('react').TextareaHTMLAttributes} props */
export function GrowingText({ minRows = 2, className = '', ...attributes }) {
  const box = useRef(null);
  useLayoutEffect(() => {
    const { style, offsetHeight, clientHeight } = box.current;
    style.height = 'auto';
    // `scrollHeight` does not include borders.
    style.height = `${box.current.scrollHeight + offsetHeight - clientHeight}px`;
  }, [attributes.value]);
  return <textarea ref={box} rows={minRows} className={`input ${className}`} {...attributes} />;
}
