// Autosave: one save under way at a time, each with a serial number the server answers with.
// Until the server has said "saved", a copy lies in the browser's storage and survives a reload.

import { sameGraph } from "./graph.js";

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
 */
export function createSaver({ store, journeyId, send }) {
  const key = `safar.draft.${journeyId}`;
  const saver = { revision: null, serial: 0, underWay: null, dirty: false, timer: null, theirs: null, waiters: [] };

  const show = (status, error = "") => store.setState({ save: { status, error } });

  function edited() {
    saver.dirty = true;
    if (store.getState().save.status !== "conflict") show("editing");
    clearTimeout(saver.timer);
    saver.timer = setTimeout(push, QUIET_MS);
  }

  function push() {
    clearTimeout(saver.timer);
    if (!saver.dirty || saver.revision === null) return;
    const graph = store.getState().document();
    keepCopy(key, { revision: saver.revision, graph });
    if (saver.underWay || store.getState().save.status === "conflict") return;
    saver.dirty = false;
    saver.serial += 1;
    saver.underWay = { serial: saver.serial, timer: setTimeout(again, PATIENCE_MS) };
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
      if (!first && (saver.dirty || saver.underWay)) {
        saver.theirs = document.revision;
        return show("conflict");
      }
      const copy = first ? unsavedCopy(key, document.graph) : null;
      saver.revision = document.revision;
      store.getState().load(copy?.graph ?? document.graph);
      show("saved");
      if (!copy) return;
      saver.dirty = true;
      if (copy.revision === document.revision) push();
      else show("conflict");
    },

    /** The server's answer: `{serial, revision, conflict, error}`. */
    answered(answer) {
      if (!saver.underWay || answer.serial !== saver.underWay.serial) return;
      clearTimeout(saver.underWay.timer);
      saver.underWay = null;
      if (answer.revision) saver.revision = answer.revision;
      if (answer.conflict || answer.error) {
        saver.dirty = true;
        show(answer.conflict ? "conflict" : "failed", answer.error);
        return;
      }
      settle();
    },

    /** Resolves with the revision once everything is saved. */
    flush() {
      push();
      if (!saver.underWay && !saver.dirty) return Promise.resolve(saver.revision);
      return new Promise((resolve) => saver.waiters.push(resolve));
    },

    /** After a conflict: write mine over theirs. */
    keepMine() {
      show("editing");
      Object.assign(saver, { dirty: true, revision: saver.theirs ?? saver.revision, theirs: null });
      push();
    },

    /** After a conflict: forget mine; the caller asks the server for theirs. */
    takeTheirs() {
      clearTimeout(saver.timer);
      dropCopy(key);
      Object.assign(saver, { dirty: false, underWay: null, revision: null, theirs: null });
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

function dropCopy(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}
