// Three panes that belong together: negotiations, the ladder of the chosen one, the token of the chosen leg.
//
// `source.rows()` promises {count, columns} of the list; `source.negotiation(id)` promises one to draw.

async function mountExplorer(root, source) {
  root.classList.add("negoscope-explorer");
  root.replaceChildren(element("p", { role: "status" }, "Reading …"));
  const { count, columns } = await source.rows();
  const explorer = new Explorer(new Rows(columns, count), source);
  root.replaceChildren(explorer.root);
  explorer.start();
  return explorer;
}

class Explorer {
  constructor(rows, source) {
    this.rows = rows;
    this.source = source;
    this.list = new NegotiationList(rows, (place) => this.open(place));
    this.facets = new Map(FACETS.map((name) => [name, this.facet(name)]));
    this.status = element("p", { class: "status", role: "status" });
    this.words = element("input", {
      type: "search", placeholder: "filter: words ( / )", "aria-label": "filter negotiations by words",
      oninput: () => this.search(),
    });
    this.reset = element("button", { type: "button", onclick: () => this.clear() }, "show all");
    this.middle = element("section", { class: "pane middle", "aria-label": "ladder" });
    this.right = element("section", { class: "pane right", "aria-label": "token" });
    const bar = element("div", { class: "bar", role: "search" }, this.words, ...this.facets.values(), this.reset);
    this.root = element(
      "div",
      { class: "panes", onkeydown: (event) => this.key(event) },
      bar,
      this.status,
      element("section", { class: "pane top", "aria-label": "list of negotiations" }, this.list.grid),
      element("div", { class: "below" }, this.middle, this.right),
    );
  }

  start() {
    this.refresh();
  }

  facet(name) {
    return element("select", { "aria-label": name, onchange: (event) => this.chosen(name, event.target) });
  }

  chosen(name, select) {
    const before = this.list.chosen;
    const { value } = select;
    this.rows.choose(name, value === "" ? undefined : value === "-" ? null : value.slice(1));
    this.refresh(before);
  }

  search() {
    const before = this.list.chosen;
    this.rows.search(this.words.value);
    this.refresh(before);
  }

  clear() {
    const before = this.list.chosen;
    this.words.value = "";
    this.rows.words = "";
    this.rows.chosen.clear();
    this.rows.refresh();
    this.refresh(before);
  }

  refresh(before) {
    for (const [name, select] of this.facets) this.options(name, select);
    this.status.textContent = `${this.rows.order.length.toLocaleString("en")} of ${counted(this.rows.count, "negotiation")}`;
    this.list.refreshed(before);
  }

  options(name, select) {
    const listed = this.rows.counts(name).slice(0, 500);
    const made = listed.map(([text, count]) =>
      element("option", { value: text === null ? "-" : `=${text}` }, `${text === null ? "(none)" : text} ${count}`));
    const chosen = this.rows.chosen.get(name);
    const value = chosen === undefined ? "" : chosen === null ? "-" : `=${chosen}`;
    if (value && !made.some((option) => option.value === value)) {
      made.unshift(element("option", { value }, `${value === "-" ? "(none)" : chosen} 0`));
    }
    select.replaceChildren(element("option", { value: "" }, `${name}: all`), ...made);
    select.value = value;
  }

  key(event) {
    const typing = event.target === this.words;
    if (event.key === "/" && !typing) {
      event.preventDefault();
      this.words.focus();
    } else if (event.key === "Escape" && typing) {
      this.list.grid.focus();
    } else if (event.key === "Enter" && (typing || event.target === this.list.grid)) {
      if (typing) this.list.grid.focus();
      else this.middle.querySelector("button")?.focus();
    }
  }

  async open(place) {
    this.wanted = place;
    if (place === null) {
      this.middle.replaceChildren(element("p", {}, "No negotiation passes the filters."));
      this.right.replaceChildren();
      return;
    }
    const id = Number(this.rows.text("id", place));
    const told = await this.source.negotiation(id);
    if (this.wanted !== place) return; // another one was chosen meanwhile
    if (told === null || told.problem) {
      this.middle.replaceChildren(element("p", {}, told?.problem || "This negotiation is not at hand."));
      this.right.replaceChildren();
      return;
    }
    this.told = told;
    this.middle.replaceChildren(drawLadder(told, (leg) => this.token(leg)));
    const first = told.legs.findIndex((leg) => leg.token);
    if (first >= 0) this.token(first);
    else this.right.replaceChildren(element("p", {}, "No token was exchanged."));
  }

  token(leg) {
    for (const button of this.middle.querySelectorAll("button.leg")) {
      button.setAttribute("aria-pressed", Number(button.dataset.leg) === leg ? "true" : "false");
    }
    this.view = new TokenView(this.told.legs[leg].token);
    this.right.replaceChildren(this.view.root);
  }
}
