// What this product is made of: node .ci/dependencies.mjs licences | sbom [version]
//
// licences  refuses every package of a lock file whose licence is not one of those below, so that a new dependency
//           with another one is noticed in the change that adds it.
// sbom      prints what the published service contains, as CycloneDX 1.6.
//
// NuGet says a package's licence in the package alone, so the packages must be restored.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const cache = process.env.NUGET_PACKAGES || join(homedir(), ".nuget", "packages");
const shippedProject = "src/Orderly.Server";
const skippedDirectories = new Set([".git", "node_modules", "bin", "obj", "artifacts"]);

// May be shipped: they ask for the copyright notice, and for nothing else.
const accepted = new Set([
  "0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "PostgreSQL",
  "Unlicense", "Zlib",
]);

// Packages that carry a text, and no name of a licence: the SHA-256 of the text that was read, and what it is.
const readTexts = new Map([
  ["87a1efc79d6ee27ee9dcc01534e2be6f26839e4a6b8e53b6d91458aae08831fa", "MIT"], // CommandLineParser
  ["d7a68596ab69b06f51ca278a6545148e4269a9381c26d597c13df5d88e08cf5b", "MIT"], // .NET Foundation
  ["1621fadaedf3637f6877e88708ca4dde270481023e061d330dbf6b9d3f3a228a", "MIT"], // Sylvan.Data.Csv
]);

// Packages that say nothing in a form to be read by a program, and where it was looked up.
const lookedUp = new Map([
  ["npm/reserved@0.1.2", "MIT"], // its LICENSE-MIT
]);

function* find(name, directory = root) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !skippedDirectories.has(entry.name)) {
      yield* find(name, path);
    } else if (entry.isFile() && entry.name === name) {
      yield path;
    }
  }
}

// "(MIT OR GPL-2.0)" may be taken under MIT; "MIT AND X" needs both.
function isAccepted(expression) {
  const plain = expression.replace(/[()]/g, "").trim();
  return plain.split(/\s+OR\s+/).some((one) => one.split(/\s+AND\s+/).every((name) => accepted.has(name)));
}

const nugetFolder = (id, version) => join(cache, id.toLowerCase(), version.toLowerCase());

// Of the package as it was downloaded; the hash in the lock file leaves its signature out.
const nugetDigest = ({ id, version }) => Buffer.from(
  readFileSync(join(nugetFolder(id, version), `${id}.${version}.nupkg.sha512`.toLowerCase()), "utf8"), "base64")
  .toString("hex");

function nugetLicence(id, version) {
  const folder = nugetFolder(id, version);
  const manifest = join(folder, `${id.toLowerCase()}.nuspec`);
  if (!existsSync(manifest)) {
    return { fault: "is not restored: dotnet restore --locked-mode" };
  }

  const text = readFileSync(manifest, "utf8");
  const expression = /<license type="expression">([^<]+)</.exec(text)?.[1];
  const file = /<license type="file">([^<]+)</.exec(text)?.[1];
  if (expression || !file) {
    return { licence: expression ?? lookedUp.get(`nuget/${id}@${version}`) };
  }

  const digest = createHash("sha256").update(readFileSync(join(folder, file.replaceAll("\\", "/")))).digest("hex");
  return { licence: readTexts.get(digest), fault: `has the text ${file}, SHA-256 ${digest}: read it` };
}

function* nugetPackages() {
  for (const lock of find("packages.lock.json")) {
    for (const packages of Object.values(JSON.parse(readFileSync(lock, "utf8")).dependencies)) {
      for (const [id, { type, resolved: version, dependencies = {} }] of Object.entries(packages)) {
        if (type !== "Project") {
          yield { lock: relative(root, lock), id, version, dependencies };
        }
      }
    }
  }
}

function* npmPackages() {
  for (const lock of find("package-lock.json")) {
    for (const [path, { version, license }] of Object.entries(JSON.parse(readFileSync(lock, "utf8")).packages)) {
      if (path !== "") {
        const id = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
        yield { lock: relative(root, lock), id, version, licence: license ?? lookedUp.get(`npm/${id}@${version}`) };
      }
    }
  }
}

function checkLicences() {
  const counts = new Map();
  const faults = new Set();
  const note = (kind, { id, version, lock }, licence, fault) => {
    if (licence && isAccepted(licence)) {
      const seen = counts.get(licence) ?? new Set();
      counts.set(licence, seen.add(`${kind}/${id}@${version}`));
    } else {
      const why = licence ? `is under ${licence}` : fault ?? "names no licence";
      faults.add(`${kind}/${id}@${version} (${lock}) ${why}`);
    }
  };
  for (const one of nugetPackages()) {
    const { licence, fault } = nugetLicence(one.id, one.version);
    note("nuget", one, licence, fault);
  }

  for (const one of npmPackages()) {
    note("npm", one, one.licence);
  }

  for (const [licence, seen] of [...counts].sort(([a], [b]) => a.localeCompare(b))) {
    console.log(`${String(seen.size).padStart(4)}  ${licence}`);
  }

  for (const fault of faults) {
    console.error(`REFUSED  ${fault}`);
  }

  if (counts.size === 0) {
    console.error("No package was found.");
  }

  process.exitCode = faults.size > 0 || counts.size === 0 ? 1 : 0;
}

// Analyzers are used to build, and are no part of what is built.
const isBuildOnly = (id) =>
  readFileSync(join(root, "Directory.Build.props"), "utf8").includes(`Include="${id}" PrivateAssets="all"`);

function printSbom(version) {
  const shipped = [...nugetPackages()].filter(
    ({ lock, id }) => lock === `${shippedProject}/packages.lock.json` && !isBuildOnly(id));
  const reference = ({ id, version }) => `pkg:nuget/${id}@${version}`;
  const byId = new Map(shipped.map((one) => [one.id.toLowerCase(), one]));
  const application = `pkg:generic/orderly@${version}`;
  const timestamp = process.env.SOURCE_DATE_EPOCH
    ? new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString()
    : new Date().toISOString();
  console.log(JSON.stringify({
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp,
      component: {
        type: "application", "bom-ref": application, name: "orderly", version, purl: application,
        licenses: [{ license: { id: "Apache-2.0" } }],
      },
    },
    components: shipped.map((one) => ({
      type: "library",
      "bom-ref": reference(one),
      name: one.id,
      version: one.version,
      purl: reference(one),
      hashes: [{ alg: "SHA-512", content: nugetDigest(one) }],
      licenses: [{ license: { id: nugetLicence(one.id, one.version).licence } }],
    })),
    dependencies: [
      { ref: application, dependsOn: shipped.map(reference) },
      ...shipped.map((one) => ({
        ref: reference(one),
        dependsOn: Object.keys(one.dependencies)
          .map((id) => byId.get(id.toLowerCase())).filter((found) => found).map(reference),
      })),
    ],
  }, null, 2));
}

const [command, version] = process.argv.slice(2);
switch (command) {
  case "licences":
    checkLicences();
    break;
  case "sbom":
    printSbom(version ?? /<Version>([^<]+)</.exec(readFileSync(join(root, "Directory.Build.props"), "utf8"))[1]);
    break;
  default:
    console.error("Usage: node .ci/dependencies.mjs licences | sbom [version]");
    process.exitCode = 2;
}
