// What stands below a node while it runs.

/** So often it is told at most, in milliseconds. */
const INTERVAL = 200;
const LONGEST = 60;

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

  /** Tells what happens. */
  event(name, data) {
    if (name === 'delta') {
      this.#characters += data.text.length;
    } else {
      this.#last = 0;
    }
    if (INTERVAL <= Date.now() - this.#last) {
      this.#show('blue', 'dot', this.#words(name, data));
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

  #words(name, data) {
    switch (name) {
      case 'delta':
        return `${this.#characters} characters`;
      case 'progress':
        return data.total
          ? `${Math.round((100 * data.done) / data.total)} % of ${data.total} ${data.unit}`
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
    const shown = 1 < this.#running ? `${this.#running} runs: ${text}` : text;
    const short = LONGEST < shown.length ? `${shown.slice(0, LONGEST - 1)}…` : shown;
    this.#node.status({ fill, shape, text: short });
  }
}

exports.Status = Status;
