/** A thin component around the text pane. */
import { useEffect, useRef } from "preact/hooks";
import { mountText, type TextPane } from "../../panes/text/text";

export function TextBlock({ text, tone = "plain" }: { text: string; tone?: "plain" | "stderr" | "error" }) {
  const element = useRef<HTMLDivElement>(null);
  const pane = useRef<TextPane | null>(null);
  useEffect(() => {
    if (element.current === null) return;
    pane.current = mountText(element.current);
    return () => pane.current?.unmount();
  }, []);
  useEffect(() => pane.current?.show(text), [text]);
  return <div ref={element} class={`out-text out-${tone}`} />;
}
