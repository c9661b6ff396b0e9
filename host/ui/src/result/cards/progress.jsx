// The progress of a run: the amount sent or received, or an indeterminate bar, and how
// fast text arrives.

import { formatBytes } from '../../api/files.js';
import { formatDuration } from '../../parts/format.js';
import { pace } from '../../run/pace.js';

/**
 * @param {object} props
 * @param {{unit: string, done: number, total?: number}} [props.progress]
 * @param {string} [props.step] what the run is waiting for
 * @param {import('../../run/pace.js').Timing} [props.timing]
 */
export function Progress({ progress, step, timing }) {
  const { done, total, unit } = progress ?? {};
  const { firstMs, tokensPerSecond } = pace(timing);
  const amount = (number) => (unit === 'bytes' ? formatBytes(number) : `${number} ${unit}`);
  const facts = [
    step,
    done !== undefined &&
      (total === undefined ? amount(done) : `${amount(done)} of ${amount(total)}`),
    firstMs !== undefined && `first text after ${formatDuration(firstMs)}`,
    tokensPerSecond && `about ${tokensPerSecond} tokens/s`,
  ];
  return (
    <div className="progress">
      <progress value={total && done} max={total} aria-label="Progress of the run" />
      <span>{facts.filter(Boolean).join(' · ')}</span>
    </div>
  );
}
