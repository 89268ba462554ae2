/** A modal sheet over the page: the browser's own dialog, so focus stays inside and Escape leaves. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  width?: "narrow" | "wide";
}

export function Dialog({ title, onClose, children, width = "narrow" }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  // Before the next key is typed: an effect would come too late for it.
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // Closed, and not only taken away: then the browser gives the focus back to where it was.
    return () => dialog?.close();
  }, []);
  const onBackdrop = (event: MouseEvent) => {
    if (event.target === element.current) onClose();
  };
  return (
    <dialog
      ref={element}
      class={`dialog dialog-${width}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={onBackdrop}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2>{title}</h2>
          <button type="button" class="button quiet square" onClick={onClose} aria-label="Close">
            <Icon name="x" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
