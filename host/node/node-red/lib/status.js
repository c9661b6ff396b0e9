// The status below a node while it runs.

/** The minimum time between updates, in milliseconds. */
const MIN_INTERVAL = 200;
/** The maximum length of a status, in characters. */
const MAX_LENGTH = 60;

class Status {
  #node;
  #running = 0;
  #characters = 0;
  #last = 0;

  constructor(node) {
    this.#node = node;
  }

  begin() {
    this.#running += 1;
    this.#characters = 0;
    this.#show('blue', 'dot', 'running');
  }

  /** Shows an event of a run. */
  event(name, data) {
    if (name === 'delta') {
      this.#characters += data.text.length;
    } else {
      this.#last = 0;
    }
    if (Date.now() - this.#last >= MIN_INTERVAL) {
      this.#show('blue', 'dot', this.#describe(name, data));
    }
  }

  end(error) {
    this.#running -= 1;
    if (error) {
      this.#show('red', 'ring', error.message);
    } else if (this.#running === 0) {
      this.clear();
    } else {
      this.#show('blue', 'dot', 'running');
    }
  }

  clear() {
    this.#node.status({});
  }

  #describe(name, data) {
    switch (name) {
      case 'delta':
        return `${this.#characters} characters`;
      case 'progress':
        return data.total
          ? `${Math.round((100 * data.done) / data.total)}% of ${data.total} ${data.unit}`
          : `${data.done} ${data.unit}`;
      case 'attempt':
        return `attempt ${data.attempt} failed: ${data.reason}`;
      case 'file':
        return data.file.name;
      case 'call':
        return `calling ${data.name}`;
      default:
        return 'running';
    }
  }

  #show(fill, shape, text) {
    this.#last = Date.now();
    const shown = this.#running > 1 ? `${this.#running} runs: ${text}` : text;
    const short = shown.length > MAX_LENGTH ? `${shown.slice(0, MAX_LENGTH - 1)}…` : shown;
    this.#node.status({ fill, shape, text: short });
  }
}

exports.Status = Status;
