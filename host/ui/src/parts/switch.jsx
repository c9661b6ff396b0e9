// Switches between views of the same thing.

/**
 * @param {{label: string, views: [string, string][], current: string,
 *   onChange: (view: string) => void}} props `views` are ids and labels
 */
export function Switch({ label, views, current, onChange }) {
  return (
    <div className="switch" role="group" aria-label={label}>
      {views.map(([id, text]) => (
        <button key={id} type="button" aria-pressed={id === current} onClick={() => onChange(id)}>
          {text}
        </button>
      ))}
    </div>
  );
}
