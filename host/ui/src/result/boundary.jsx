// Shows something else if its content cannot be rendered, so that one odd output does
// not empty the whole page.

import { Component } from 'react';

export class Boundary extends Component {
  state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children;
  }
}
