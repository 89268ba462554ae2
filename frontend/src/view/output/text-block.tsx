/** A thin component around the text pane; a long text can be copied whole, for only a part of it is on the page. */
import { useEffect, useRef } from "preact/hooks";
import { mountText, type TextPane } from "../../panes/text/text";
import { bytes } from "../clock";
import { CopyButton } from "../parts/copy";
import { plain } from "./traceback";

/** UTF-16 units from which copying by hand is no joy. */
const LONG = 20_000;

export function TextBlock({ text, tone = "plain" }: { text: string; tone?: "plain" | "stderr" }) {
  const element = useRef<HTMLDivElement>(null);
  const pane = useRef<TextPane | null>(null);
  useEffect(() => {
    if (element.current === null) return;
    pane.current = mountText(element.current);
    return () => pane.current?.unmount();
  }, []);
  useEffect(() => pane.current?.show(text), [text]);
  return (
    <div>
      <div ref={element} class={`out-text out-${tone}`} />
      {text.length > LONG && (
        <div class="out-foot caption faint">
          <span class="grow">{bytes(text.length)} of text</span>
          <CopyButton text={() => plain(text)} label="Copy all" kind="quiet" />
        </div>
      )}
    </div>
  );
}
