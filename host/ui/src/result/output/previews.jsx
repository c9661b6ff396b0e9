// The latest preview file, shown until the result arrives.

import { FileView } from '../../parts/file-view.jsx';

export function Previews({ files }) {
  const newest = files.at(-1);
  return newest ? (
    <section className="preview" aria-label="Preview">
      <FileView key={newest.url} file={newest} />
    </section>
  ) : null;
}
