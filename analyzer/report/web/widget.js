// The explorer in a notebook: rows come in pages, negotiations when they are looked at, both from the kernel.

const ROWS_A_PAGE = 2000;

function renderWidget({ model, el }) {
  const waiting = new Map();
  let asked = 0;
  const hear = (answer) => {
    waiting.get(answer.number)?.(answer.content);
    waiting.delete(answer.number);
  };
  model.on("msg:custom", hear);
  const ask = (question) =>
    new Promise((resolve) => {
      asked += 1;
      waiting.set(asked, resolve);
      model.send({ number: asked, ...question });
    });

  const source = {
    async rows() {
      const { count, texts } = await ask({ want: "texts" });
      const columns = Object.fromEntries(
        Object.entries(texts).map(([name, listed]) => [name, { texts: listed, cells: [] }]));
      for (let start = 0; start < count; start += ROWS_A_PAGE) {
        const page = await ask({ want: "rows", start, count: ROWS_A_PAGE });
        for (const [name, cells] of Object.entries(page)) columns[name].cells.push(...cells);
      }
      return { count, columns };
    },
    negotiation: (id) => ask({ want: "negotiation", id }),
  };
  mountExplorer(el, source);
  return () => model.off("msg:custom", hear);
}
