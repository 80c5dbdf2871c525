// The negotiations that are listed: columns whose cells are numbers of texts, filtered and sorted.

const OUTCOME_SIGNS = { success: "✓", failure: "✗", incomplete: "…" };
const FACETS = ["client", "server", "carrier", "mechanism", "outcome", "reason"];

class Rows {
  // `columns`: name -> {texts, cells}; a cell is the place of its text, or null.
  constructor(columns, count) {
    this.columns = columns;
    this.count = count;
    this.words = "";
    this.chosen = new Map(); // facet -> text, or null for rows without one
    this.sorted = { name: "id", down: false };
    this.order = Uint32Array.from({ length: count }, (_, place) => place);
    this.lower = new Map();
  }

  text(name, place) {
    const { texts, cells } = this.columns[name];
    const cell = cells[place];
    return cell === null ? "" : texts[cell];
  }

  // How many rows of those that the other filters let through have which text.
  counts(facet) {
    const { texts, cells } = this.columns[facet];
    const found = new Map();
    const fits = this.test(facet);
    for (let place = 0; place < this.count; place += 1) {
      if (fits(place)) found.set(cells[place], (found.get(cells[place]) || 0) + 1);
    }
    const listed = [...found].map(([cell, count]) => [cell === null ? null : texts[cell], count]);
    return listed.sort((a, b) => b[1] - a[1] || ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
  }

  // A function that tells whether a row passes all filters but that of `except`.
  test(except = null) {
    const facets = [...this.chosen].filter(([name]) => name !== except);
    const wanted = facets.map(([name, text]) => {
      const { texts, cells } = this.columns[name];
      return [cells, text === null ? null : texts.indexOf(text)];
    });
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean).map((word) => this.having(word));
    return (place) =>
      wanted.every(([cells, cell]) => cells[place] === cell) &&
      words.every((columns) => columns.some(([cells, has]) => cells[place] !== null && has[cells[place]]));
  }

  // For each column, which of its texts hold a word: texts are searched once, not rows.
  having(word) {
    const found = [];
    for (const [name, { texts, cells }] of Object.entries(this.columns)) {
      if (!this.lower.has(name)) this.lower.set(name, texts.map((text) => text.toLowerCase()));
      const has = this.lower.get(name).map((text) => text.includes(word));
      if (has.includes(true)) found.push([cells, has]);
    }
    return found;
  }

  choose(facet, text) {
    if (text === undefined) this.chosen.delete(facet);
    else this.chosen.set(facet, text);
    this.refresh();
  }

  search(words) {
    this.words = words;
    this.refresh();
  }

  sort(name) {
    this.sorted = { name, down: this.sorted.name === name && !this.sorted.down };
    this.refresh();
  }

  refresh() {
    const fits = this.test();
    const kept = [];
    for (let place = 0; place < this.count; place += 1) if (fits(place)) kept.push(place);
    const { name, down } = this.sorted;
    if (name !== "id" || down) {
      const ranks = this.ranks(name);
      const sign = down ? -1 : 1;
      kept.sort((a, b) => sign * (ranks(a) - ranks(b)) || a - b);
    }
    this.order = kept;
  }

  // Rows are compared by the rank of their text among all texts; what has none comes last.
  ranks(name) {
    if (name === "id") return (place) => place; // rows come in the order of their numbers
    const { texts, cells } = this.columns[name];
    const order = texts.map((_, at) => at).sort((a, b) => (texts[a] < texts[b] ? -1 : 1));
    const rank = new Array(texts.length);
    order.forEach((at, place) => { rank[at] = place; });
    return (place) => (cells[place] === null ? texts.length : rank[cells[place]]);
  }
}
