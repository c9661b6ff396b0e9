// Takes files that are pasted anywhere on the page. If several fields accept them, the
// first one does, unless the focus is in another.

import { useEffect, useRef } from 'react';

/**
 * @param {import('react').RefObject<HTMLElement>} box the field
 * @param {(file: File) => boolean} isAccepted
 * @param {(files: File[]) => void} onPaste
 */
export function usePastedFiles(box, isAccepted, onPaste) {
  const latest = useRef();
  latest.current = { isAccepted, onPaste };
  useEffect(() => {
    const paste = (event) => {
      const files = [...event.clipboardData.files].filter(latest.current.isAccepted);
      const isElsewhere = event.target.closest?.('.drop') && !box.current?.contains(event.target);
      if (
        event.defaultPrevented ||
        files.length === 0 ||
        isElsewhere ||
        !box.current?.checkVisibility()
      ) {
        return;
      }
      event.preventDefault();
      latest.current.onPaste(files);
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, [box]);
}
