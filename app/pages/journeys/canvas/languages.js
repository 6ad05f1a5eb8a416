// Languages by their code, for people.

const NAMES = new Intl.DisplayNames("en-IN", { type: "language", fallback: "code" });

/** "hi" → "Hindi"; what is no language's code stays as it is. */
export function languageName(code) {
  try {
    return code ? NAMES.of(code) : "";
  } catch {
    return code;
  }
}
