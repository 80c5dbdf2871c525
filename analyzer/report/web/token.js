// One token: its fields as a tree, its bytes beside it; what is pointed at on one side is lit on the other.

const SECRET = 1;
const DETAIL = 2;
const BYTES_A_LINE = 16;

class TokenView {
  constructor(token) {
    this.token = token;
    this.lit = [];
    this.items = token.fields.map((field, place) => this.item(field, place));
    this.nest();
    this.tree = element(
      "div",
      { class: "tree", role: "tree", tabindex: "0", "aria-label": `fields of ${token.heading}`,
        onkeydown: (event) => this.key(event), onclick: (event) => this.click(event),
        onmouseover: (event) => this.over(event), onmouseleave: () => this.light(this.at),
        onfocus: () => this.light(this.at) },
      ...this.items,
    );
    this.hex = element("div", { class: "hex", role: "img", "aria-label": `${token.length} bytes as hex`,
      onmouseover: (event) => this.overByte(event), onmouseleave: () => this.light(this.at) });
    this.bytes = [];
    this.fill();
    this.at = 0;
    const notes = token.findings.map(([start, end, code, said]) =>
      element("p", { class: "finding" }, `⚠ bytes ${start}-${end} ${code}: ${said}`));
    const more = token.more_fields ? [element("p", {}, `… ${counted(token.more_fields, "more field")}`)] : [];
    this.root = element(
      "div",
      { class: "token" },
      element("h3", {}, token.where || token.heading),
      element("p", {}, token.sentence),
      ...notes,
      element("div", { class: "beside" }, element("div", { class: "scroll" }, this.tree, ...more), this.hex),
    );
    this.go(0);
  }

  item([depth, name, text, meaning, start, end, flags], place) {
    return element(
      "div",
      { role: "treeitem", class: `item depth-${Math.min(depth, 15)}${flags & SECRET ? " secret" : ""}`,
        id: freshId("field"), "aria-level": depth + 1, "data-field": place, "aria-selected": "false" },
      element("span", { class: "fold", "aria-hidden": "true" }),
      element("span", { class: "span" }, `${start}-${end}`),
      element("b", {}, name),
      text ? `: ${text}` : null,
      meaning ? element("span", { class: "meaning" }, ` · ${meaning}`) : null,
    );
  }

  // Whose part each field is; branches that hold details only are folded.
  nest() {
    const { fields } = this.token;
    const open = [];
    this.parent = fields.map(([depth], place) => {
      while (open.length && fields[open.at(-1)][0] >= depth) open.pop();
      const above = open.length ? open.at(-1) : -1;
      open.push(place);
      return above;
    });
    this.folded = fields.map(() => null); // null: a leaf
    this.parent.forEach((above, place) => {
      if (above < 0) return;
      const detail = Boolean(fields[place][6] & DETAIL);
      this.folded[above] = this.folded[above] === null ? detail : this.folded[above] && detail;
    });
    this.show();
  }

  show() {
    this.items.forEach((item, place) => {
      const folded = this.folded[place];
      if (folded !== null) item.setAttribute("aria-expanded", folded ? "false" : "true");
      item.hidden = this.hiddenBelow(place);
    });
  }

  hiddenBelow(place) {
    for (let above = this.parent[place]; above >= 0; above = this.parent[above]) {
      if (this.folded[above]) return true;
    }
    return false;
  }

  fold(place, folded) {
    if (this.folded[place] === null || this.folded[place] === folded) return;
    this.folded[place] = folded;
    this.show();
  }

  fill() {
    const raw = atob(this.token.bytes);
    const hidden = new Uint8Array(raw.length);
    for (const [start, end] of this.token.hidden) hidden.fill(1, start, end);
    const lines = [];
    for (let start = 0; start < raw.length; start += BYTES_A_LINE) lines.push(this.hexLine(raw, hidden, start));
    const left = this.token.length - raw.length;
    if (left > 0) lines.push(element("div", {}, `… ${counted(left, "byte")} more`));
    this.hex.append(...lines);
  }

  hexLine(raw, hidden, start) {
    const hex = [];
    const text = [];
    for (let at = start; at < Math.min(start + BYTES_A_LINE, raw.length); at += 1) {
      const code = raw.charCodeAt(at);
      const shown = code >= 0x20 && code < 0x7f ? raw[at] : ".";
      const pair = [
        element("span", { "data-byte": at }, hidden[at] ? "··" : code.toString(16).padStart(2, "0")),
        element("span", { "data-byte": at }, hidden[at] ? "·" : shown),
      ];
      this.bytes.push(pair);
      hex.push(pair[0]);
      text.push(pair[1]);
    }
    return element("div", { class: "line" },
      element("span", { class: "offset" }, start.toString(16).padStart(6, "0")),
      element("span", { class: "octets" }, ...hex), element("span", { class: "text" }, ...text));
  }

  light(place) {
    for (const lit of this.lit) lit.classList.remove("lit");
    this.lit = [];
    const field = this.token.fields[place];
    if (!field) return;
    const shown = [this.items[place], ...this.bytes.slice(field[4], field[5]).flat()];
    for (const part of shown) part.classList.add("lit");
    this.lit = shown;
  }

  over(event) {
    const item = event.target.closest("[data-field]");
    if (item) this.light(Number(item.dataset.field));
  }

  overByte(event) {
    const octet = event.target.closest("[data-byte]");
    if (octet) this.light(this.fieldAt(Number(octet.dataset.byte)));
  }

  // The innermost field around a byte that is shown.
  fieldAt(at) {
    let found = -1;
    this.token.fields.forEach(([, , , , start, end], place) => {
      if (start <= at && at < end && !this.items[place].hidden) found = place;
    });
    return found;
  }

  click(event) {
    const item = event.target.closest("[data-field]");
    if (!item) return;
    const place = Number(item.dataset.field);
    if (event.target.closest(".fold")) this.fold(place, !this.folded[place]);
    this.go(place);
  }

  key(event) {
    const shown = this.items.map((item, place) => (item.hidden ? -1 : place)).filter((place) => place >= 0);
    const at = shown.indexOf(this.at);
    const moves = {
      ArrowDown: () => this.go(shown[Math.min(at + 1, shown.length - 1)]),
      ArrowUp: () => this.go(shown[Math.max(at - 1, 0)]),
      Home: () => this.go(shown[0]),
      End: () => this.go(shown.at(-1)),
      ArrowRight: () => this.fold(this.at, false),
      ArrowLeft: () => {
        if (this.folded[this.at] === false) this.fold(this.at, true);
        else if (this.parent[this.at] >= 0) this.go(this.parent[this.at]);
      },
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  }

  go(place) {
    if (!this.items.length) return;
    this.items[this.at].setAttribute("aria-selected", "false");
    this.at = place;
    const item = this.items[place];
    item.setAttribute("aria-selected", "true");
    this.tree.setAttribute("aria-activedescendant", item.id);
    this.light(place);
    if (item.isConnected) {
      item.scrollIntoView({ block: "nearest" });
      const [first] = this.bytes[this.token.fields[place][4]] || [];
      if (first) first.scrollIntoView({ block: "nearest" });
    }
  }
}
