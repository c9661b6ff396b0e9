// Keeps a value that a control cannot show from taking the whole page with it.

import { Component } from 'react';
import { drafts, shownRuns } from '../state/storage.js';

export class Boundary extends Component {
  state = { error: undefined };

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    const { address, children } = this.props;
    if (!this.state.error) {
      return children;
    }
    const reset = () => {
      drafts.put(address, undefined);
      shownRuns.put(address, undefined);
      history.replaceState(null, '', `#${encodeURI(address)}`);
      location.reload();
    };
    return (
      <p className="notice notice-bad" role="alert">
        This form cannot be shown with its current input.{' '}
        <button type="button" className="button button-small" onClick={reset}>
          Start with an empty form
        </button>
      </p>
    );
  }
}
