// Formats when a run was.

const time = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const day = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });

export const formatTime = (at) => time.format(at);

export function formatDay(at) {
  const days = Math.round((midnight(Date.now()) - midnight(at)) / 86_400_000);
  return ['Today', 'Yesterday'][days] ?? day.format(at);
}

const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);
