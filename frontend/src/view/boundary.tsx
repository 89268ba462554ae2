/** The last net: a fault in drawing shows a page that says so, in place of an empty one. */
import { Component, type ComponentChildren } from "preact";
import { DeadEnd } from "./parts/page";

export class Boundary extends Component<{ children: ComponentChildren }, { failed: string | null }> {
  override state = { failed: null };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ failed: error instanceof Error ? error.message : String(error) });
  }

  override render() {
    if (this.state.failed === null) return this.props.children;
    return (
      <DeadEnd
        title="This page broke"
        text={`That is a fault of ours. What was saved is safe; load the page again to go on. (${this.state.failed})`}
      >
        <button type="button" class="button primary" onClick={() => location.reload()}>
          Load again
        </button>
      </DeadEnd>
    );
  }
}
