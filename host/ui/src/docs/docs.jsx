// The reference documentation of the current action, next to the form.

import { useEffect, useState } from 'react';
import { getDocs } from '../api/endpoints.js';
import { Markdown } from './markdown.jsx';
import { sectionOf } from './section.js';

export function Docs({ component, title }) {
  const [docs, setDocs] = useState('');
  useEffect(() => {
    getDocs(component).then(setDocs, (error) => setDocs(error.message));
  }, [component]);
  return (
    <>
      <h2 className="hidden">Docs</h2>
      <Markdown text={sectionOf(docs, title)} />
    </>
  );
}
