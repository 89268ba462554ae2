// Output items of a run and their fold into nbformat outputs: streams joined, displays updated, clears obeyed.

import type { CborMap } from "./cbor";

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
