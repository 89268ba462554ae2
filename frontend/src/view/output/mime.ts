/** Which of the forms that an output offers is shown: pictures first, then tables, then text; scripts never run. */
import type { Cbor } from "../../../../protocol/ts/cbor";
import type { MimeBundle } from "../../../../protocol/ts/outputs";

export type Shown =
  | { form: "image"; source: string; alt: string }
  | { form: "html"; html: string; scripted: boolean; text: string }
  | { form: "json"; value: Cbor }
  | { form: "text"; text: string; note?: string };

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
const TEXTS = ["text/latex", "text/markdown", "text/plain"] as const;

/** nbformat allows a text as a list of lines. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.filter((line) => typeof line === "string").join("");
  return null;
}

export function choose(data: MimeBundle): Shown {
  return picture(data) ?? page(data) ?? structured(data) ?? words(data);
}

function picture(data: MimeBundle): Shown | null {
  const alt = textOf(data["text/plain"]) ?? "Picture";
  for (const type of PICTURES) {
    const base64 = textOf(data[type]);
    if (base64 === null || !/^[A-Za-z0-9+/=\s]+$/.test(base64)) continue;
    return { form: "image", source: `data:${type};base64,${base64.replace(/\s/g, "")}`, alt };
  }
  const svg = textOf(data["image/svg+xml"]);
  if (svg === null) return null;
  // As the source of an image, an SVG can neither run scripts nor load anything.
  return { form: "image", source: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, alt };
}

function page(data: MimeBundle): Shown | null {
  const html = textOf(data["text/html"]);
  if (html === null) return null;
  const text = textOf(data["text/plain"]) ?? "";
  if (/<(?:audio|video)[\s>]/i.test(html))
    return { form: "text", text, note: "Sound and video are not played here." };
  return { form: "html", html, scripted: /<script/i.test(html), text };
}

function structured(data: MimeBundle): Shown | null {
  const value = data["application/json"];
  if (value === undefined) return null;
  return { form: "json", value };
}

function words(data: MimeBundle): Shown {
  for (const type of TEXTS) {
    const text = textOf(data[type]);
    if (text !== null) return { form: "text", text };
  }
  const types = Object.keys(data).join(", ") || "nothing";
  return { form: "text", text: `This output cannot be shown here (${types}).` };
}
