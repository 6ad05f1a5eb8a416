// Branches of the business: none means all.

import { useCanvas } from "../store.js";
import { Several } from "./several.jsx";

const NONE = [];

export function BranchesControl(props) {
  const branches = useCanvas((state) => state.choices.branches) ?? NONE;
  const options = branches.map((branch) => ({ id: branch.id, label: branch.name, about: branch.about }));
  return <Several {...props} options={options} placeholder={props.value?.length ? "Add a branch" : "All branches"} empty="There is no other branch." />;
}
