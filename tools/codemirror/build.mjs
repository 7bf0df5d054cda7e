/* web/vendor/codemirror.js from entry.js and package-lock.json: the same bytes every time. See README.md. */
import { build } from "esbuild";
import { readdir, readFile, writeFile } from "node:fs/promises";

const here = new URL(".", import.meta.url);
const vendor = new URL("../../web/vendor/", here);

const result = await build({
  absWorkingDir: here.pathname,
  entryPoints: ["entry.js"],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  metafile: true,
  write: false,
});
const packages = await bundled(Object.keys(result.metafile.inputs));
const made = packages.map(({ name, version }) => ` * ${name} ${version}`);
const banner = ["/*!", " * CodeMirror 6, MIT. Made by tools/codemirror; the licences stand in codemirror.LICENSE.txt.", ...made, " */", ""];
await writeFile(new URL("codemirror.js", vendor), banner.join("\n") + result.outputFiles[0].text);
await writeFile(new URL("codemirror.LICENSE.txt", vendor), packages.map(({ name, version, licence }) => `${name} ${version}\n\n${licence.trim()}\n`).join(`\n${"-".repeat(80)}\n\n`));

/** The packages whose files are in the bundle, with their versions and licences. */
async function bundled(inputs) {
  const folders = inputs.map((input) => input.match(/^node_modules\/(?:@[^/]+\/)?[^/]+\//)?.[0]).filter(Boolean);
  return Promise.all(
    [...new Set(folders)].sort().map(async (folder) => {
      const { name, version } = JSON.parse(await readFile(new URL(`${folder}package.json`, here), "utf-8"));
      const file = (await readdir(new URL(folder, here))).find((each) => /^licen[cs]e/i.test(each));
      if (!file) throw new Error(`${name} has no licence file: it cannot be vendored`);
      return { name, version, licence: await readFile(new URL(folder + file, here), "utf-8") };
    }),
  );
}
