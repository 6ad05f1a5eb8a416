// What the template editor does in the browser alone: putting variables where the cursor was, keeping unsaved
// words from being lost, and Ctrl+S.
import { useEffect, useRef } from "react";
import { useBlocker } from "react-router";

const LEAVE = "What you changed is not saved. Leave without it?";

export function VariablePalette({ variables, fallback, disabled }) {
  const last = useRef(null);
  useEffect(() => {
    const remember = (event) => {
      if (event.target.matches?.("[data-takes-variables]")) last.current = event.target;
    };
    document.addEventListener("focusin", remember);
    return () => document.removeEventListener("focusin", remember);
  }, []);

  function insert(text) {
    const field = last.current?.isConnected ? last.current : document.getElementById(fallback);
    if (!field) return;
    field.focus();
    // Deprecated, and still the only way that keeps the browser's undo; the other one is for its end.
    if (document.execCommand("insertText", false, text)) return;
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  return (
    <div className="te-variables" role="group" aria-label="Put in">
      {variables.map(([label, text]) => (
        <button key={label} type="button" className="te-variable" title={text} disabled={disabled} onClick={() => insert(text)}>
          {label}
        </button>
      ))}
    </div>
  );
}

export function UnsavedGuard({ changed, form }) {
  const blocker = useBlocker(({ currentLocation, nextLocation }) =>
    changed && currentLocation.pathname !== nextLocation.pathname);
  useEffect(() => {
    if (blocker.state !== "blocked") return;
    if (window.confirm(LEAVE)) blocker.proceed();
    else blocker.reset();
    // Not on every new blocker: it is a new object at each render, and would ask twice.
  }, [blocker.state]);
  useEffect(() => {
    const warn = (event) => changed && event.preventDefault();
    const save = (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      document.getElementById(form)?.requestSubmit();
    };
    window.addEventListener("beforeunload", warn);
    document.addEventListener("keydown", save);
    return () => {
      window.removeEventListener("beforeunload", warn);
      document.removeEventListener("keydown", save);
    };
  }, [changed, form]);
  return null;
}
