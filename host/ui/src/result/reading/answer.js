// Reads an outcome: what there is to show, and in which form. Nothing here is specific
// to a connector: the shapes that an action declares decide, with their hints, and the
// names that the contract gives to metadata.

import { isFileEntry } from '../../api/files.js';
import { labelOf } from '../../parts/format.js';
import { filesIn, notesOn } from './files.js';
import { isObject, itemOf, memberOf, shapeOf } from './shape.js';
import { sourcesIn } from './sources.js';
import { transcriptIn } from './transcript.js';

/**
 * @typedef {object} Answer
 * @property {string[]} reasoning
 * @property {{label?: string, text: string, isMarkdown: boolean}[]} texts
 * @property {import('./transcript.js').Transcript} [transcript]
 * @property {object[]} files
 * @property {Map<string, [string, string][]>} notes texts that describe files, by URL
 * @property {{url: string, title: string, host: string}[]} sources
 * @property {{label: string, items: object[]}[]} calls what the provider did or asks for
 * @property {{label: string, value: unknown, display?: string}[]} facts
 * @property {'none' | 'empty' | 'folded' | 'open'} data whether the output is also shown as data
 * @property {import('./shape.js').Shape} [shape]
 */

/**
 * @param {{output: unknown, metadata?: object}} outcome
 * @param {import('./shape.js').Shape[]} shapes
 * @returns {Answer}
 */
export function readAnswer({ output, metadata }, shapes) {
  const shape = shapeOf(output, shapes);
  const files = filesIn([output, metadata]);
  const answer = {
    shape,
    files,
    notes: notesOn(files, output, shape),
    transcript: transcriptIn(output),
    texts: textsIn(output, metadata, shapes),
    reasoning: [],
    sources: [],
    calls: [],
    facts: [],
    data: 'none',
  };
  if (isObject(metadata)) {
    readMetadata(metadata, answer);
  }
  if (answer.texts.length > 0 || isFileEntry(output) || typeof output === 'string') {
    return answer;
  }
  if (isObject(output)) {
    readHints(output, shape, answer);
  }
  const { transcript, texts, reasoning, sources } = answer;
  const shown = [transcript, files[0], texts[0], reasoning[0], sources[0]];
  if (shown.every((one) => one === undefined)) {
    return { ...answer, facts: [], data: output === null ? 'empty' : 'open' };
  }
  const isBare = transcript && Object.keys(output).length === 1;
  return { ...answer, data: isBare ? 'none' : 'folded' };
}

/** The texts of an output that consists of nothing else. */
function textsIn(output, metadata, shapes) {
  if (typeof output === 'string') {
    return transcriptIn(output)
      ? []
      : [{ text: output, isMarkdown: isMarkdown(shapeOf(output, shapes)) }];
  }
  // Several answers, each with its reason, and not one answer that is a list.
  const reasons = metadata?.finishReasons;
  const isAnswers =
    Array.isArray(output) &&
    output.length > 1 &&
    output.every((one) => typeof one === 'string') &&
    Array.isArray(reasons) &&
    reasons.length === output.length;
  return isAnswers
    ? output.map((text, index) => ({
        label: `Answer ${index + 1}`,
        text,
        isMarkdown: shapes.some(isMarkdown),
      }))
    : [];
}

export const isMarkdown = (shape) => shape?.type === 'STRING' && shape.display === 'markdown';

/** Reads the members of an output whose shapes say how to display them. */
function readHints(output, shape, answer) {
  for (const [name, value] of Object.entries(output)) {
    const member = memberOf(shape, name);
    const label = member?.label || labelOf(name);
    const display = member?.display;
    if (typeof value === 'string' && display === 'markdown') {
      answer.texts.push({ label, text: value, isMarkdown: true });
    } else if (typeof value === 'string' && display === 'reasoning') {
      answer.reasoning.push(value);
    } else if (Array.isArray(value) && itemOf(member)?.display === 'citation') {
      answer.sources.push(...sourcesIn(value));
    } else if (isFact(name, value, answer)) {
      answer.facts.push({ label, value, display });
    }
  }
}

function isFact(name, value, { transcript }) {
  if (
    name === '' ||
    (transcript && ['text', ...transcript.facts.map(([fact]) => fact)].includes(name))
  ) {
    return false;
  }
  return (
    (typeof value === 'string' && value !== '' && value.length <= 120) ||
    (typeof value === 'number' && value !== 0) ||
    typeof value === 'boolean'
  );
}

/** Metadata has no shapes, so the names decide. */
function readMetadata(metadata, answer) {
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === 'string' && /^reasoning/i.test(name)) {
      answer.reasoning.push(value);
    } else if (Array.isArray(value) && /(citations|sources)$/i.test(name)) {
      answer.sources.push(...sourcesIn(value));
    } else if (Array.isArray(value) && /(calls|requests)$/i.test(name)) {
      const items = value.filter(isObject);
      if (items.length > 0) {
        answer.calls.push({ label: labelOf(name), items });
      }
    }
  }
}
