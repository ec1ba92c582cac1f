// Writes the types of the API from the document that the station serves: the page cannot ask for what is not there.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const here = (name) => new URL(name, import.meta.url);
const document = JSON.parse(await readFile(here("../../src/web/openapi.json"), "utf8"));
const text = astToString(await openapiTS(document));
await writeFile(
  here("../src/api/schema.d.ts"),
  `// Made from src/web/openapi.json by \`npm run types\`; not kept.\n${text}`,
);
