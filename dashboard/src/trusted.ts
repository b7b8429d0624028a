// The page's Content-Security-Policy lets no text become HTML. Leaflet does that once, as it is loaded, to learn whether
// the browser knows SVG; this policy lets just that text pass. It has to be in force before Leaflet is.
const PROBE = "<svg/>";

interface Factory {
  createPolicy(name: string, rules: { createHTML: (text: string) => string }): unknown;
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
factory?.createPolicy("default", {
  createHTML(text) {
    if (text !== PROBE) {
      throw new TypeError("Text does not become HTML on this page.");
    }
    return text;
  },
});
