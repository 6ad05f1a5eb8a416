// The live numbers of a step: which there are, what they are called, and how the customers behind them are asked for.

const TOLD = [
  ["queued", "queued", ({ queued = 0, sending = 0, held = 0 }) => queued + sending - held],
  ["held", "held", ({ held }) => held],
  ["sent", "sent", ({ sent = 0, delivered = 0, read = 0 }) => sent + delivered + read],
  ["delivered", "delivered", ({ delivered = 0, read = 0 }) => delivered + read],
  ["read", "read", ({ read }) => read],
  ["opened", "opened", ({ opened }) => opened],
  ["clicked", "clicked", ({ clicked }) => clicked],
  ["failed", "failed", ({ failed }) => failed],
  ["skipped", "skipped", ({ skipped }) => skipped],
  ["uncertain", "unsure", ({ uncertain }) => uncertain],
];

/** What a card shows: who is here, who passed, what became of its messages, and who reached the goal afterwards. */
export function figuresOf(counts, entrance) {
  const { here = 0, passed = 0, converted = 0, messages = {} } = counts ?? {};
  const told = TOLD.map(([figure, label, count]) => ({ figure, label, number: count(messages), tone: figure })).filter(({ number }) => number > 0);
  return [
    ...(entrance ? [] : [{ figure: "here", label: "here", number: here, tone: here ? "here" : "" }]),
    { figure: "passed", label: entrance ? "entered" : "passed", number: passed },
    ...told,
    ...(converted ? [{ figure: "converted", label: "converted", number: converted, tone: "converted" }] : []),
  ];
}

/** The same with the ways out of a branch, each of which has customers too. */
export function everyFigure(counts, entrance, ports) {
  const ways = ports.length < 2 ? [] : ports.map(({ id, label }) => ({ figure: "passed", port: id, label, number: counts?.ports?.[id] ?? 0 }));
  return [...figuresOf(counts, entrance), ...ways];
}

export function told(number) {
  return typeof number === "number" ? number.toLocaleString("en-IN") : number;
}
