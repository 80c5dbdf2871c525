// The explorer in a report: its data lie in the page, packed; negotiations are unpacked when looked at.

async function unpacked(holder) {
  const packed = Uint8Array.from(atob(holder.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

const CHUNKS_KEPT = 16;

function pageSource() {
  const chunks = new Map(); // place of a chunk -> its promise, latest used last
  const holders = [...document.querySelectorAll("script[data-first]")];
  const chunk = (place) => {
    const found = chunks.get(place) || unpacked(holders[place]);
    chunks.delete(place);
    chunks.set(place, found);
    if (chunks.size > CHUNKS_KEPT) chunks.delete(chunks.keys().next().value);
    return found;
  };
  return {
    rows: () => unpacked(document.getElementById("negoscope-rows")),
    async negotiation(id) {
      const place = holders.findLastIndex((holder) => Number(holder.dataset.first) <= id);
      if (place < 0) return null;
      const { fields, negotiations } = await chunk(place);
      const told = negotiations[id];
      if (!told) return null;
      const legs = told.legs.map((leg) =>
        leg.token ? { ...leg, token: { ...leg.token, fields: leg.token.fields.map((at) => fields[at]) } } : leg);
      return { ...told, legs };
    },
  };
}

mountExplorer(document.getElementById("negoscope-explorer"), pageSource());
