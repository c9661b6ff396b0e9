// Keeps a value that cannot be shown from taking the whole page with it.

import { Component } from 'react';

/**
 * @extends {Component<{message: string, action?: string, onReset?: () => void,
 *   fallback?: import('react').ReactNode}>}
 */
export class Boundary extends Component {
  state = { error: undefined };

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    const { message, action, onReset, fallback, children } = this.props;
    if (!this.state.error) {
      return children;
    }
    return (
      <>
        <p className="notice notice-bad" role="alert">
          {message}{' '}
          {action && (
            <button type="button" className="button button-small" onClick={onReset}>
              {action}
            </button>
          )}
        </p>
        {fallback}
      </>
    );
  }
}
