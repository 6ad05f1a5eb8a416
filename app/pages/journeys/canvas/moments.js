// Moments in words, by the reader's own clock.

const NEAR = new Intl.RelativeTimeFormat("en-IN", { numeric: "auto" });
const EXACT = new Intl.DateTimeFormat("en-IN", { dateStyle: "medium", timeStyle: "short" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

/** "3 hours ago". */
export function ago(moment) {
  const seconds = (Date.now() - new Date(moment)) / 1000;
  const [unit, length] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 1];
  return NEAR.format(-Math.floor(seconds / length), unit);
}

export function exactly(moment) {
  return EXACT.format(new Date(moment));
}
