// The data and Vega are most of the page: they are in it under gzip, in base 64, and the page's script waits for the data.

let DATA;

/** The text that an element holds packed. */
async function unpacked(id) {
  const packed = atob(document.getElementById(id).textContent);
  const bytes = Uint8Array.from(packed, (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

unpacked("data").then((text) => {
  DATA = JSON.parse(text);
  const script = document.createElement("script");
  script.textContent = document.getElementById("page").textContent;
  document.body.append(script);
});
