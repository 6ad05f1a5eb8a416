// Autosave: one save under way at a time, each with a serial number the server answers with.
// Until the server has said "saved", a copy lies in the browser's storage and survives a reload.

import { newId, sameGraph } from "./graph.js";

const QUIET_MS = 500;
const PATIENCE_MS = 8000;

/** What the person sees: the words beside the journey's name. */
export const SAVE_WORDS = {
  saved: "Saved",
  editing: "Saving …",
  saving: "Saving …",
  waiting: "Not saved yet – trying again",
  conflict: "Not saved",
  failed: "Not saved",
};

/**
 * Saves what changes in a canvas store.
 * `send(graph, revision, serial)` hands a graph to the server, whose answer comes back through `answered`.
 * `clash(base, mine, ticket)` tells of a conflict: `mine` cannot be saved, `base` is what it was made from (null: not
 * known). What is decided comes back with the ticket; a page that was loaded anew does not obey an old decision.
 */
export function createSaver({ store, journeyId, send, clash }) {
  const key = `safar.draft.${journeyId}`;
  // The server's last answer to an earlier page is still there when this one opens: it must not be taken for ours.
  const saver = { revision: null, base: null, serial: Date.now(), underWay: null, dirty: false, timer: null, ticket: null, waiters: [] };

  const show = (status, error = "") => store.setState({ save: { status, error } });

  const inConflict = () => store.getState().save.status === "conflict";

  const copyOf = (graph) => ({ revision: saver.revision, base: saver.base, graph, sent: saver.underWay?.graph ?? null });

  // Nothing can be changed before one has decided; what is mine stays in the browser, too.
  function meet() {
    const mine = store.getState().document();
    saver.dirty = true;
    keepCopy(key, { ...copyOf(mine), sent: null });
    store.getState().select([]);
    store.getState().lock(true);
    show("conflict");
    saver.ticket = newId("clash");
    clash(saver.base, mine, saver.ticket);
  }

  function decided() {
    saver.ticket = null;
    store.getState().peek(null);
    store.getState().lock(false);
    show("editing");
  }

  function edited() {
    saver.dirty = true;
    if (!inConflict()) show("editing");
    clearTimeout(saver.timer);
    saver.timer = setTimeout(push, QUIET_MS);
  }

  function push() {
    clearTimeout(saver.timer);
    if (!saver.dirty || saver.revision === null) return;
    const graph = store.getState().document();
    if (saver.underWay || inConflict()) return keepCopy(key, copyOf(graph));
    saver.dirty = false;
    saver.serial += 1;
    saver.underWay = { serial: saver.serial, graph, timer: setTimeout(again, PATIENCE_MS) };
    keepCopy(key, copyOf(graph));
    show("saving");
    send(graph, saver.revision, saver.serial);
  }

  function again() {
    saver.underWay = null;
    saver.dirty = true;
    push();
    show("waiting");
  }

  function settle() {
    if (saver.dirty) return push();
    dropCopy(key);
    show("saved");
    saver.waiters.splice(0).forEach((resolve) => resolve(saver.revision));
  }

  return {
    stop: store.subscribe((state, before) => state.edit !== before.edit && edited()),
    push,

    /** A document from the server: on opening, after a conflict, or because somebody else saved. */
    loaded(document) {
      if (document.revision === saver.revision) return;
      const first = saver.revision === null;
      if (inConflict()) return;
      if (!first && (saver.dirty || saver.underWay)) return meet();
      const copy = first ? unsavedCopy(key, document.graph) : null;
      if (first) store.getState().load(copy?.graph ?? document.graph);
      else store.getState().follow(document.graph);
      Object.assign(saver, { revision: document.revision, base: document.graph });
      show("saved");
      if (!copy) return;
      saver.dirty = true;
      if (copy.revision === document.revision || arrived(copy, document)) return push();
      saver.base = copy.base ?? null;
      meet();
    },

    /** The server's answer: `{serial, revision, conflict, error}`. */
    answered(answer) {
      if (!saver.underWay || answer.serial !== saver.underWay.serial) return;
      const { graph, timer } = saver.underWay;
      clearTimeout(timer);
      saver.underWay = null;
      if (answer.conflict) return meet();
      if (answer.error) {
        saver.dirty = true;
        return show("failed", answer.error);
      }
      Object.assign(saver, { revision: answer.revision, base: graph });
      settle();
    },

    /** The revision that is shown while nothing is unsaved; else 0: newer ones must not be loaded now. */
    restingAt: () => (saver.dirty || saver.underWay || inConflict() ? 0 : saver.revision ?? 0),

    /** Ask again for both sides of the conflict. */
    compare: () => clash(saver.base, store.getState().document(), saver.ticket),

    /** Whether this belongs to the conflict that waits now. */
    expects: (ticket) => inConflict() && ticket === saver.ticket,

    /** Resolves with the revision once everything is saved. */
    flush() {
      push();
      if (!saver.underWay && !saver.dirty) return Promise.resolve(saver.revision);
      return new Promise((resolve) => saver.waiters.push(resolve));
    },

    /** After a conflict: write this over theirs, which is the given revision; without a graph it is mine as it was. */
    keep(revision, graph = null) {
      decided();
      if (graph) store.getState().follow(graph, { undoable: true });
      Object.assign(saver, { dirty: true, revision });
      push();
    },

    /** After a conflict: forget mine; the caller asks the server for theirs. */
    takeTheirs() {
      clearTimeout(saver.timer);
      dropCopy(key);
      decided();
      Object.assign(saver, { dirty: false, underWay: null, revision: null });
    },
  };
}

// Storage may be full or forbidden; then there is no copy, and saving goes on without it.
function keepCopy(key, copy) {
  try {
    localStorage.setItem(key, JSON.stringify(copy));
  } catch {
    dropCopy(key);
  }
}

function readCopy(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function unsavedCopy(key, graph) {
  const copy = readCopy(key);
  return copy?.graph && !sameGraph(copy.graph, graph) ? copy : null;
}

// The save that was under way when the page was left has reached the server, and nothing else has since.
function arrived(copy, document) {
  return copy.sent && document.revision === copy.revision + 1 && sameGraph(copy.sent, document.graph);
}

function dropCopy(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}
