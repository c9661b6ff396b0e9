// A list of files.

import { useRef } from 'react';
import { Chosen } from './file-entry.jsx';
import { FilePicker } from './file-picker.jsx';
import { Group, change } from './group.jsx';

export function FileEntries(props) {
  const { schema, formData = [], fieldPathId, name } = props;
  // Several uploads may finish between two renders.
  const files = useRef(formData);
  files.current = formData;
  const put = (next) => {
    files.current = next;
    change(props, next);
  };
  return (
    <Group field={props}>
      {formData.map((file, index) => (
        <Chosen
          key={file.url}
          file={file}
          onRemove={() => put(formData.filter((_, other) => other !== index))}
        />
      ))}
      <FilePicker
        id={`${fieldPathId.$id}_file`}
        label={schema.title ?? name}
        isMultiple
        accept={schema.items['x-accept']}
        maxBytes={schema.items['x-max-bytes']}
        onUploaded={(entry) => put([...files.current, entry])}
      />
    </Group>
  );
}
