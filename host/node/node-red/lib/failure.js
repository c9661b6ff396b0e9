// A failed run as an exception, which Node-RED passes to Catch nodes:
// `msg.error.message` is its message, `msg.error.code` its kind, and
// `msg.error.cause` the record.

/**
 * @typedef {object} FailureRecord
 * @property {string} kind such as `unauthorized`
 * @property {string} message one sentence
 * @property {boolean} requestSent whether the provider may have been reached
 * @property {string} [property] such as `messages[0].role`
 */

class Failure extends Error {
  /** @param {FailureRecord} record */
  constructor(record) {
    super(record.message);
    this.code = record.kind;
    this.cause = Object.assign(new Cause(), record);
    // A stack trace of this package would not help anyone.
    this.stack = record.message;
  }

  /** Creates a failure from a problem document of the host (RFC 9457). */
  static ofProblem({ type = '', detail, title, failure }) {
    const kind = type.split(':').pop() || 'internal';
    const message = detail ?? title ?? 'the connector host failed';
    return new Failure(failure ?? { kind, message, requestSent: false });
  }

  /** Creates a failure for an invalid value. Nothing was sent. */
  static invalid(property, message) {
    return new Failure({ kind: 'invalid-input', message, property, requestSent: false });
  }

  toString() {
    return this.message;
  }
}

/** A failure's record, which Node-RED's debug sidebar shows as text. */
class Cause {
  toString() {
    const { kind, property, status, code, requestId } = this;
    const facts = [
      property && `property ${property}`,
      status && `HTTP ${status}`,
      code && `code ${code}`,
      requestId && `request ${requestId}`,
    ].filter(Boolean);
    return facts.length === 0 ? kind : `${kind} (${facts.join(', ')})`;
  }
}

exports.Failure = Failure;
