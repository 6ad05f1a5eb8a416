// The arms of a split: names and shares that always make 100 %.

import { newId } from "../graph.js";
import { Icon } from "../icons.jsx";

const MOST = 10;

export function SplitControl({ id, value, disabled, describedBy, onChange }) {
  const arms = value ?? [];
  const rename = (at, label) => onChange(arms.map((arm, place) => (place === at ? { ...arm, label } : arm)));
  const share = (at, percent) => onChange(shared(arms, at, percent));
  return (
    <div className="jc-split" id={id} role="group" aria-labelledby={`${id}-label`} aria-describedby={describedBy}>
      <div className="jc-split-bar" aria-hidden="true">
        {arms.map((arm, at) => (
          <span key={arm.id} style={{ flexGrow: arm.percent }} data-arm={at % 5} />
        ))}
      </div>
      {arms.map((arm, at) => (
        <div key={arm.id} className="jc-arm" data-arm={at % 5}>
          <input
            className="s-control jc-control"
            aria-label={`Name of arm ${at + 1}`}
            value={arm.label}
            maxLength={60}
            disabled={disabled}
            onChange={(event) => rename(at, event.target.value)}
          />
          <input
            type="range"
            min="0"
            max="100"
            aria-label={`Share of ${arm.label || arm.id}`}
            value={arm.percent}
            disabled={disabled}
            onChange={(event) => share(at, Number(event.target.value))}
          />
          <output>{arm.percent}%</output>
          <button
            type="button"
            className="jc-tool"
            disabled={disabled || arms.length <= 2}
            aria-label={`Remove ${arm.label || arm.id}`}
            onClick={() => onChange(evenOut(arms.filter((each) => each !== arm)))}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
      <div className="jc-row">
        <button
          type="button"
          className="jc-button"
          disabled={disabled || arms.length >= MOST}
          onClick={() => onChange(evenOut([...arms, { id: newId("arm"), label: nextName(arms), percent: 0 }]))}
        >
          <Icon name="plus" size={14} /> Add an arm
        </button>
        <button type="button" className="jc-button" disabled={disabled} onClick={() => onChange(evenOut(arms))}>
          Even shares
        </button>
      </div>
      <label className="jc-holdout">
        <span>Held out, to compare</span>
        <select
          className="s-control jc-control"
          value={arms.find((arm) => arm.holdout)?.id ?? ""}
          disabled={disabled}
          onChange={(event) => onChange(arms.map((arm) => ({ ...arm, holdout: arm.id === event.target.value })))}
        >
          <option value="">Nobody</option>
          {arms.map((arm) => (
            <option key={arm.id} value={arm.id}>
              {arm.label || arm.id}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** One arm set to a share; the others give or take in proportion, the last of them the rest. */
function shared(arms, at, percent) {
  const left = 100 - percent;
  const others = arms.filter((_, place) => place !== at);
  const sum = others.reduce((total, arm) => total + arm.percent, 0);
  const shares = wholes(others.map((arm) => (sum ? (arm.percent / sum) * left : left / others.length)), left);
  return arms.map((arm, place) => ({ ...arm, percent: place === at ? percent : shares.shift() }));
}

function evenOut(arms) {
  const shares = wholes(arms.map(() => 100 / arms.length), 100);
  return arms.map((arm, at) => ({ ...arm, percent: shares[at] }));
}

/** Whole numbers of the same sum: rounded down, the largest remainders rounded up. */
function wholes(shares, sum) {
  const floors = shares.map(Math.floor);
  let missing = sum - floors.reduce((total, share) => total + share, 0);
  const byRest = shares.map((share, at) => [share - floors[at], at]).sort((a, b) => b[0] - a[0]);
  for (const [, at] of byRest) if (missing-- > 0) floors[at] += 1;
  return floors;
}

function nextName(arms) {
  const names = new Set(arms.map((arm) => arm.label));
  return [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].find((name) => !names.has(name)) ?? "";
}
