import { defineConfig } from "vite";

// The page may lie in any folder of a web server, so every address in it is relative. Its Content-Security-Policy takes
// files of its own origin only: nothing is inlined.
export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    license: { fileName: "licenses.txt" }, // of what is bundled, as these licences ask for
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [{ name: "aws", test: /node_modules\/(@aws|@smithy|bowser|tslib)/ }] },
      },
    },
  },
});
