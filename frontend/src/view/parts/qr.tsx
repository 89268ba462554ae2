/** A link as a QR code, drawn as one SVG path: dark on white in every theme, because scanners want that. */
import { encode } from "uqr";

interface QrProps {
  text: string;
  label: string;
  /** L for long texts, whose squares would be too small otherwise. */
  correction?: "L" | "M";
}

export function QrCode({ text, label, correction = "M" }: QrProps) {
  const { data, size } = encode(text, { ecc: correction, border: 2 });
  let path = "";
  for (const [y, row] of data.entries()) {
    for (const [x, dark] of row.entries()) if (dark) path += `M${x} ${y}h1v1h-1z`;
  }
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#111" />
    </svg>
  );
}
