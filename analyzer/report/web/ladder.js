// The ladder of one negotiation: a button for each message, its arrow from the sender's side.

function drawLadder(told, choose) {
  const legs = told.legs.map((leg, place) => ladderLeg(leg, place, choose));
  const verdict = told.verdict.flatMap(([label, text]) => [element("dt", {}, label), element("dd", {}, text)]);
  return element(
    "div",
    { class: "ladder" },
    element("h3", {}, `${told.capture}: negotiation ${told.id}`),
    element("p", { class: `title ${told.outcome}` }, `${OUTCOME_SIGNS[told.outcome] || ""} ${told.title}`),
    element(
      "div",
      { class: "ends" },
      element("span", { title: "client" }, told.client),
      element("span", { title: "server" }, told.server),
    ),
    element("ol", { class: "legs" }, ...legs),
    element("dl", {}, ...verdict),
  );
}

function ladderLeg(leg, place, choose) {
  const side = leg.side === 0 ? "from-client" : "from-server";
  const from = leg.side === 0 ? "client" : "server";
  const labels = leg.labels.map((label, at) => element("span", { class: at ? "also" : "first", title: label }, label));
  const inside = [
    element("span", { class: "frame" }, leg.frame ? String(leg.frame) : ""),
    element("span", { class: "way" }, ...labels, element("span", { class: "arrow", "aria-hidden": "true" })),
    element("span", { class: "after" }, passed(leg.after_ns)),
  ];
  const said = `frame ${leg.frame}, ${from}: ${leg.labels.join("; ").slice(0, 300)}`;
  if (!leg.token) return element("li", { class: `leg ${side}`, "aria-label": said }, ...inside);
  const button = element(
    "button",
    { type: "button", class: "leg", "data-leg": place, "aria-pressed": "false", "aria-label": said,
      onclick: () => choose(place) },
    ...inside,
  );
  return element("li", { class: side }, button);
}

function passed(ns) {
  if (!ns) return "0";
  const ms = ns / 1e6;
  if (Math.abs(ms) < 1000) return `+${ms.toFixed(1)} ms`;
  if (Math.abs(ms) < 1e6) return `+${(ms / 1000).toFixed(1)} s`;
  return `+${(ms / 60000).toFixed(0)} min`;
}
