// What every part of the canvas may reach besides the store: the verbs.

import { createContext, useContext } from "react";

export const ActionsContext = createContext(null);

export function useActions() {
  return useContext(ActionsContext);
}
