// Output items of a run and their fold into nbformat outputs: streams joined, displays updated, clears obeyed.

import { type CborMap, encode } from "./cbor";
import { OUTPUTS } from "./limits";

export type MimeBundle = CborMap;

export interface StreamOutput {
  output_type: "stream";
  name: "stdout" | "stderr";
  text: string;
}

export interface DisplayOutput {
  output_type: "display_data";
  data: MimeBundle;
  metadata: CborMap;
  display_id?: string;
}

export interface ResultOutput {
  output_type: "execute_result";
  data: MimeBundle;
  metadata: CborMap;
  execution_count: number | null;
  display_id?: string;
}

export interface ErrorOutput {
  output_type: "error";
  ename: string;
  evalue: string;
  traceback: string[];
}

/** A hole left by the caps: this many bytes of output were not kept. */
export interface DroppedOutput {
  output_type: "dropped";
  bytes: number;
}

export interface UpdateItem {
  output_type: "update_display_data";
  display_id: string;
  data: MimeBundle;
  metadata: CborMap;
}

export interface ClearItem {
  output_type: "clear_output";
  wait: boolean;
}

/** What a fold shows. */
export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput | DroppedOutput | ClearItem;

/** What the log carries. */
export type OutputItem = Output | UpdateItem;

/** The outputs after one more item; never changes what it was given. */
export function fold(outputs: readonly Output[], item: OutputItem): readonly Output[] {
  switch (item.output_type) {
    case "update_display_data":
      return updated(outputs, item);
    case "clear_output":
      return item.wait ? waiting(outputs) : [];
    default:
      return added(clearWaits(outputs) ? [] : outputs, item);
  }
}

/** A clear that waits shows the old outputs still, until the next one comes. */
function waiting(outputs: readonly Output[]): readonly Output[] {
  return clearWaits(outputs) ? outputs : [...outputs, { output_type: "clear_output", wait: true }];
}

function clearWaits(outputs: readonly Output[]): boolean {
  return outputs.at(-1)?.output_type === "clear_output";
}

function added(outputs: readonly Output[], item: Exclude<Output, ClearItem>): readonly Output[] {
  const last = outputs.at(-1);
  if (item.output_type === "stream" && last?.output_type === "stream" && last.name === item.name) {
    return [...outputs.slice(0, -1), { ...last, text: last.text + item.text }];
  }
  if (item.output_type === "dropped") return dropped(outputs, item.bytes);
  if (outputs.length >= OUTPUTS) return dropped(outputs, encode(item as unknown as CborMap).length);
  return [...outputs, item];
}

/** Holes side by side are one hole. */
function dropped(outputs: readonly Output[], bytes: number): readonly Output[] {
  const last = outputs.at(-1);
  if (last?.output_type !== "dropped") return [...outputs, { output_type: "dropped", bytes }];
  return [...outputs.slice(0, -1), { output_type: "dropped", bytes: last.bytes + bytes }];
}

/** The new picture of every display with this id. */
function updated(outputs: readonly Output[], item: UpdateItem): readonly Output[] {
  return outputs.map((output) =>
    "display_id" in output && output.display_id === item.display_id
      ? { ...output, data: item.data, metadata: item.metadata }
      : output,
  );
}
