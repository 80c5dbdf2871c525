// The list of negotiations: only the rows that are seen exist, however many there are.

const ROW_HEIGHT = 26;
const SPARE = 6;
const SHOWN_COLUMNS = [
  ["id", "id"], ["started", "time"], ["client", "client"], ["server", "server"], ["carrier", "carrier"],
  ["offered", "offered"], ["ran", "ran"], ["outcome", "outcome"], ["reason", "reason"],
  ["user", "who"], ["service", "service"],
];

class NegotiationList {
  constructor(rows, choose) {
    this.rows = rows;
    this.choose = choose;
    this.at = 0; // place in the order of what is shown
    this.prefix = freshId("row");
    this.heads = SHOWN_COLUMNS.map(([name, label]) => this.head(name, label));
    this.spacer = element("div", { class: "spacer", role: "presentation" });
    this.window = element("div", { class: "window", role: "rowgroup" });
    this.grid = element(
      "div",
      {
        class: "list", role: "grid", tabindex: "0", "aria-label": "negotiations", "aria-readonly": "true",
        onkeydown: (event) => this.key(event), onscroll: () => this.draw(), onclick: (event) => this.click(event),
      },
      element("div", { class: "heads", role: "rowgroup" }, element("div", { role: "row", class: "row" }, ...this.heads)),
      this.spacer,
      this.window,
    );
  }

  head(name, label) {
    const button = element("button", { type: "button", tabindex: "-1", onclick: () => this.sort(name) }, label);
    return element("div", { role: "columnheader", class: `cell ${name}`, "aria-sort": "none" }, button);
  }

  sort(name) {
    const chosen = this.rows.order[this.at];
    this.rows.sort(name);
    this.heads.forEach((head, place) => {
      const { name: sorted, down } = this.rows.sorted;
      const here = SHOWN_COLUMNS[place][0] === sorted;
      head.setAttribute("aria-sort", here ? (down ? "descending" : "ascending") : "none");
    });
    this.refreshed(chosen);
  }

  // Rows were filtered or sorted: stay at the same one if it is still there.
  refreshed(chosen) {
    const found = chosen === undefined ? -1 : this.rows.order.indexOf(chosen);
    this.at = Math.max(0, found);
    this.grid.setAttribute("aria-rowcount", this.rows.order.length + 1);
    this.spacer.style.height = `${this.rows.order.length * ROW_HEIGHT}px`;
    if (found < 0) this.grid.scrollTop = 0;
    this.reveal();
    this.draw();
    if (found < 0) this.told();
  }

  get chosen() {
    return this.rows.order[this.at];
  }

  told() {
    this.choose(this.rows.order.length ? this.chosen : null);
  }

  draw() {
    const first = Math.max(0, Math.floor(this.grid.scrollTop / ROW_HEIGHT) - SPARE);
    const seen = Math.ceil((this.grid.clientHeight || 400) / ROW_HEIGHT) + 2 * SPARE;
    const last = Math.min(this.rows.order.length, first + seen);
    const made = [];
    for (let at = first; at < last; at += 1) made.push(this.row(at));
    this.window.style.transform = `translateY(${first * ROW_HEIGHT}px)`;
    this.window.replaceChildren(...made);
    const active = this.at >= first && this.at < last ? `${this.prefix}-${this.at}` : null;
    if (active) this.grid.setAttribute("aria-activedescendant", active);
    else this.grid.removeAttribute("aria-activedescendant");
  }

  row(at) {
    const place = this.rows.order[at];
    const outcome = this.rows.text("outcome", place);
    const cells = SHOWN_COLUMNS.map(([name]) => {
      const text = this.rows.text(name, place);
      const shown = name === "outcome" ? `${OUTCOME_SIGNS[text] || ""} ${text}` : text;
      return element("div", { role: "gridcell", class: `cell ${name}`, title: text }, shown);
    });
    return element(
      "div",
      {
        role: "row", id: `${this.prefix}-${at}`, "aria-rowindex": at + 2, "data-at": at,
        class: `row ${outcome}`, "aria-selected": at === this.at ? "true" : "false",
      },
      ...cells,
    );
  }

  click(event) {
    const row = event.target.closest("[data-at]");
    if (row) this.go(Number(row.dataset.at));
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.grid.clientHeight / ROW_HEIGHT) - 2);
    const last = this.rows.order.length - 1;
    const steps = {
      ArrowDown: this.at + 1, ArrowUp: this.at - 1, PageDown: this.at + page, PageUp: this.at - page,
      Home: 0, End: last,
    };
    if (!(event.key in steps) || event.target !== this.grid) return;
    event.preventDefault();
    this.go(Math.min(last, Math.max(0, steps[event.key])));
  }

  go(at) {
    if (at < 0) return;
    this.at = at;
    this.reveal();
    this.draw();
    this.told();
  }

  reveal() {
    const top = this.at * ROW_HEIGHT;
    const room = this.grid.clientHeight - ROW_HEIGHT; // the heads stay
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + ROW_HEIGHT > this.grid.scrollTop + room) this.grid.scrollTop = top + ROW_HEIGHT - room;
  }
}
