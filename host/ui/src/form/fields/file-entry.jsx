// A single file.

import { useEffect, useRef } from 'react';
import { isFileEntry } from '../../api/files.js';
import { FileView } from '../../parts/file-view.jsx';
import { Remove } from '../../parts/icons.jsx';
import { FilePicker } from './file-picker.jsx';
import { Group } from './group.jsx';

export function FileEntry(props) {
  const { schema, formData, fieldPathId, onChange, name } = props;
  const label = schema.title ?? name;
  const put = (entry) => onChange(entry, fieldPathId.path);
  const isUploaded = useRef(false);
  return (
    <Group field={props}>
      {isFileEntry(formData) ? (
        <Chosen file={formData} takesFocus={isUploaded.current} onRemove={() => put(undefined)} />
      ) : (
        <FilePicker
          id={`${fieldPathId.$id}_file`}
          label={label}
          accept={schema['x-accept']}
          maxBytes={schema['x-max-bytes']}
          onUploaded={(entry) => {
            isUploaded.current = true;
            put(entry);
          }}
        />
      )}
    </Group>
  );
}

/** A chosen file, with a button to remove it. */
export function Chosen({ file, takesFocus, onRemove }) {
  const button = useRef(null);
  // The picker that had the focus has disappeared.
  useEffect(() => {
    if (takesFocus && document.activeElement === document.body) {
      button.current.focus({ preventScroll: true });
    }
  }, [takesFocus]);
  return (
    <div className="chosen-file">
      <FileView file={file} />
      <button
        ref={button}
        type="button"
        className="button-icon"
        aria-label={`Remove ${file.name}`}
        onClick={onRemove}
      >
        <Remove />
      </button>
    </div>
  );
}
