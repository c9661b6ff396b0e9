// The page's icons. Each is next to text or in a button with an accessible name.

function Icon({ children }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const drawn = (path) =>
  function Drawn() {
    return (
      <Icon>
        <path d={path} />
      </Icon>
    );
  };

export const Add = drawn('M8 3v10M3 8h10');
export const Alert = drawn('M8 2 1.5 13.5h13ZM8 6.5v3M8 11.6v.1');
export const Check = drawn('m3 8.5 3.2 3.2L13 5');
export const Chevron = drawn('m6 3.5 4.5 4.5L6 12.5');
export const Copy = drawn('M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3');
export const Down = drawn('M8 3v10M4 9l4 4 4-4');
export const Download = drawn('M8 2.5v8M4.5 7.5 8 11l3.5-3.5M2.5 13.5h11');
export const Edit = drawn('M3 13v-2.6L10.6 2.8l2.6 2.6L5.6 13Z');
export const Clock = drawn('M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 4.8V8l2.3 1.6');
export const Columns = drawn('M2.5 3h11v10h-11ZM8 3v10');
export const Forward = drawn('M3 8h9.5M8.5 4l4 4-4 4');
export const Link = drawn('M6.6 9.4a2.6 2.6 0 0 0 3.7 0l2.2-2.2a2.6 2.6 0 1 0-3.7-3.7l-.9.9M9.4 6.6a2.6 2.6 0 0 0-3.7 0L3.5 8.8a2.6 2.6 0 1 0 3.7 3.7l.9-.9');
export const Microphone = drawn('M8 2a2 2 0 0 0-2 2v3.5a2 2 0 0 0 4 0V4a2 2 0 0 0-2-2ZM3.8 7.3a4.2 4.2 0 0 0 8.4 0M8 11.5V14');
export const Paste = drawn('M5.5 3.5h-2v10h9v-10h-2M5.5 2.3h5v2.6h-5Z');
export const Pin = drawn('M6 2.5h4l-.5 4 2 2h-7l2-2ZM8 8.5v5');
export const Play = drawn('M4.5 3v10l8-5Z');
export const Redo = drawn('M12.8 6.2A5.2 5.2 0 1 0 13.2 8M13 2.8v3.5H9.5');
export const Remove = drawn('m4 4 8 8M12 4l-8 8');
export const Search = drawn('M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4ZM10.2 10.2l3.3 3.3');
export const Stop = drawn('M4 4h8v8H4Z');
export const Up = drawn('M8 13V3M4 7l4-4 4 4');
export const Upload = drawn('M8 11V3M4.5 6 8 2.5 11.5 6M2.5 13.5h11');
