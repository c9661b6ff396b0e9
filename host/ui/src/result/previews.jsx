// Files that are shown until the result is there; the last is the newest.

import { FileView } from '../parts/file-view.jsx';

export function Previews({ files }) {
  const newest = files.at(-1);
  return newest ? (
    <section className="preview" aria-label="Preview">
      <FileView key={newest.url} file={newest} />
    </section>
  ) : null;
}
