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
export const Play = drawn('M4.5 3v10l8-5Z');
export const Remove = drawn('m4 4 8 8M12 4l-8 8');
export const Stop = drawn('M4 4h8v8H4Z');
export const Up = drawn('M8 13V3M4 7l4-4 4 4');
export const Upload = drawn('M8 11V3M4.5 6 8 2.5 11.5 6M2.5 13.5h11');
