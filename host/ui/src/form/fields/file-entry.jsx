// A single file.

import { isFileEntry } from '../../api/files.js';
import { FileView } from '../../parts/file-view.jsx';
import { Remove } from '../../parts/icons.jsx';
import { FilePicker } from './file-picker.jsx';
import { Group } from './group.jsx';

export function FileEntry(props) {
  const { schema, formData, fieldPathId, onChange, name } = props;
  const label = schema.title ?? name;
  const put = (entry) => onChange(entry, fieldPathId.path);
  return (
    <Group field={props}>
      {isFileEntry(formData) ? (
        <Chosen file={formData} onRemove={() => put(undefined)} />
      ) : (
        <FilePicker
          id={`${fieldPathId.$id}_file`}
          label={label}
          accept={schema['x-accept']}
          maxBytes={schema['x-max-bytes']}
          onUploaded={put}
        />
      )}
    </Group>
  );
}

/** A chosen file, with a button to remove it. */
export function Chosen({ file, onRemove }) {
  return (
    <div className="chosen-file">
      <FileView file={file} />
      <button
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
