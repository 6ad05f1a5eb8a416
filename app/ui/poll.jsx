// Calls `onTick` every `seconds` while the page can be seen, and once when it comes back into view.
import { useEffect, useRef } from "react";

export function Poll({ seconds, onTick }) {
  const tick = useRef(onTick);
  tick.current = onTick;
  useEffect(() => {
    const ask = () => document.visibilityState === "visible" && tick.current();
    const timer = setInterval(ask, seconds * 1000);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, [seconds]);
  return null;
}
