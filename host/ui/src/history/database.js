// The browser's database of past runs. The page also works without it, for example
// in a private window.

const NAME = 'connector';
const STORE = 'runs';

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function attempt(mode, work) {
  try {
    const database = await open();
    const request = work(database.transaction(STORE, mode).objectStore(STORE));
    return await new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } catch {
    return undefined;
  }
}

export const database = {
  all: async () => (await attempt('readonly', (runs) => runs.getAll())) ?? [],
  put: (run) => attempt('readwrite', (runs) => runs.put(run)),
  remove: (id) => attempt('readwrite', (runs) => runs.delete(id)),
  clear: () => attempt('readwrite', (runs) => runs.clear()),
};
