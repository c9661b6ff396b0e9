// A slider beside the box of a number with limits. Until a number is chosen, it shows
// where the provider's default is.

const STEPS = 100;

/** Longer ranges, such as a seed's, are no use as a slider. */
const MAX_SPAN = 10_000;

export function isBounded({ minimum, maximum }) {
  return minimum !== undefined && maximum !== undefined && maximum - minimum <= MAX_SPAN;
}

export function Slider({ label, schema, value, onChange }) {
  const { minimum, maximum, type } = schema;
  const fallback = schema['x-provider-default'] ?? schema.default ?? minimum;
  const isSet = value !== undefined && value !== '';
  const number = Number(isSet ? value : fallback);
  return (
    <input
      type="range"
      className={isSet ? 'slider' : 'slider slider-unset'}
      aria-label={`${label}, slider`}
      min={minimum}
      max={maximum}
      step={type === 'integer' ? 1 : stepOf(maximum - minimum)}
      value={Number.isFinite(number) ? number : minimum}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}

/** A round step: 0.01, 0.05, 0.1 … */
function stepOf(span) {
  const power = 10 ** Math.floor(Math.log10(span / STEPS));
  return [5, 2, 1].map((factor) => factor * power).find((step) => span / step >= STEPS) ?? power;
}
