// Formats when a run was.

const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false };
const DAY = { weekday: 'long', day: 'numeric', month: 'long' };

export const formatTime = (at) => new Date(at).toLocaleTimeString('en', TIME);

export function formatDay(at) {
  const days = Math.round((midnight(Date.now()) - midnight(at)) / 86_400_000);
  const isThisYear = new Date(at).getFullYear() === new Date().getFullYear();
  const format = isThisYear ? DAY : { ...DAY, year: 'numeric' };
  return ['Today', 'Yesterday'][days] ?? new Date(at).toLocaleDateString('en', format);
}

const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);
