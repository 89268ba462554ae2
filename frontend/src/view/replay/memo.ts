/** Redraws a component only when one of its props is another. */
import { Component, type ComponentChild, type FunctionComponent, h } from "preact";

export function memo<P extends object>(draw: (props: P) => ComponentChild): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const keys = new Set([...Object.keys(this.props), ...Object.keys(next)]) as Set<keyof P>;
      return [...keys].some((key) => (this.props as P)[key] !== next[key]);
    }

    override render(props: P): ComponentChild {
      return draw(props);
    }
  }
  return (props: P) => h(Memo, props);
}
