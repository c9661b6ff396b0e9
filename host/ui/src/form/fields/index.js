// The fields that rjsf lacks.

import { FileEntry } from './file-entry.jsx';
import { FileEntries } from './file-entries.jsx';
import { MapField } from './map.jsx';
import { Messages } from './messages.jsx';
import { TextList } from './text-list.jsx';

export const fields = {
  fileEntry: FileEntry,
  fileEntries: FileEntries,
  map: MapField,
  messages: Messages,
  textList: TextList,
};
