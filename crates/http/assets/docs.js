// Draws the page from the OpenAPI document of the program that serves it. Nothing comes from
// elsewhere, and nothing that comes is taken for HTML: all of it is put in as text.

const METHODS = ["get", "post", "delete"];
const WORDS = { everybody: "everybody", owner: "owners", operator: "operators" };

/** An element with attributes and children; children that are strings become text. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute.startsWith("on")) made.addEventListener(attribute.slice(2), value);
    else if (value !== undefined) made.setAttribute(attribute, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A text in which `code` stands between backquotes, in its parts. */
function parts(text = "") {
  return text.split("`").map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

function sentences(text) {
  return element("p", {}, ...parts(text));
}

/** The schema behind a reference. */
function resolved(api, schema) {
  if (!schema?.$ref) return schema ?? {};
  const { $ref, ...beside } = schema;
  return { ...(api.components.schemas[$ref.split("/").pop()] ?? {}), ...beside };
}

/** What may stand in a field, in a few words. */
function kind(api, schema) {
  const found = resolved(api, schema);
  if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (found.oneOf) return found.oneOf.map((choice) => kind(api, choice)).join(" or ");
  if (found.type === "array") return `list of ${kind(api, found.items)}`;
  const types = [found.type ?? "anything"].flat().join(" or ");
  const more = [found.format, found.pattern].filter(Boolean);
  return more.length ? `${types} (${more.join(", ")})` : types;
}

/** A value that the schema would take. `inside` are the names of those around it. */
function example(api, schema, inside = []) {
  const found = resolved(api, schema);
  if (found.example !== undefined) return found.example;
  if (found.examples?.length) return found.examples[0];
  if (found.default !== undefined) return found.default;
  if (found.enum) return found.enum[0];
  const choice = (found.oneOf ?? found.anyOf ?? []).find((choice) => choice.type !== "null");
  if (choice) return example(api, choice, inside);
  if (found.allOf) {
    return Object.assign({}, ...found.allOf.map((part) => example(api, part, inside)));
  }
  if (found.properties) {
    const entries = Object.entries(found.properties)
      .filter(([, property]) => !inside.includes(property.$ref))
      .map(([name, property]) => [name, example(api, property, [...inside, property.$ref])]);
    return Object.fromEntries(entries);
  }
  const type = [found.type].flat().find((type) => type !== "null");
  if (type === "array") return [example(api, found.items, inside)];
  return { integer: 1, number: 1, boolean: true, object: {} }[type] ?? "…";
}

function table(headings, rows) {
  const cells = (name, values) => values.map((value) => element(name, {}, value));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...cells("th", headings))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells("td", row)))));
}

/** The fields of an object, those of lists of objects among them. */
function fields(api, schema, prefix = "", inside = []) {
  const found = resolved(api, schema);
  return Object.entries(found.properties ?? {}).flatMap(([name, property]) => {
    const needed = (found.required ?? []).includes(name) ? "yes" : "";
    const itself = resolved(api, property);
    const row = [element("code", {}, prefix + name), kind(api, property), needed, element("span", {}, ...parts(itself.description))];
    const items = itself.type === "array" ? itself.items : property;
    const deeper = items.$ref && !inside.includes(items.$ref)
      ? fields(api, items, `${prefix}${name}${itself.type === "array" ? "[]" : ""}.`, [...inside, items.$ref])
      : [];
    return [row, ...deeper];
  });
}

function described(api, heading, schema) {
  if (!schema) return null;
  return element("div", {},
    element("h3", {}, ...parts(heading)),
    table(["field", "is", "required", ""], fields(api, schema)),
    element("pre", {}, JSON.stringify(example(api, schema), null, 2)));
}

/** The form that sends a request, and shows what came back. */
function tryIt(api, path, method, operation, bodySchema) {
  const parameters = operation.parameters ?? [];
  const inputs = parameters.map((parameter) => {
    const input = element("input", { autocomplete: "off", placeholder: parameter.in });
    return { parameter, input };
  });
  const body = bodySchema
    ? element("textarea", { rows: 8, spellcheck: "false", "aria-label": "Body" })
    : null;
  if (body) body.value = JSON.stringify(example(api, bodySchema), null, 2);
  const shown = element("pre", { "aria-live": "polite", hidden: "" });

  async function send(event) {
    event.preventDefault();
    const query = new URLSearchParams();
    const headers = {};
    let target = path;
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value && parameter.in === "query") query.append(parameter.name, input.value);
      else if (input.value) headers[parameter.name] = input.value;
    }
    const token = document.getElementById("token").value.trim();
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body?.value.trim()) headers["Content-Type"] = "application/json";
    const asked = query.size ? `${target}?${query}` : target;
    shown.hidden = false;
    try {
      const answer = await fetch(asked, { method: method.toUpperCase(), headers, body: body?.value.trim() || undefined });
      const text = await answer.text();
      const lines = [`${answer.status} ${answer.statusText}`, ...[...answer.headers].map((pair) => pair.join(": "))];
      shown.textContent = `${lines.join("\n")}\n\n${pretty(text)}`;
      keepToken(answer, text);
    } catch (error) {
      shown.textContent = `No answer: ${error.message}`;
    }
  }

  return element("form", { onsubmit: send },
    element("h3", {}, "Try it"),
    ...inputs.map(({ parameter, input }) =>
      element("label", {}, element("span", {}, parameter.name), input)),
    body,
    element("button", {}, "Send"),
    shown);
}

/** Whoever signed in here asks on with the token that he was given. */
function keepToken(answer, text) {
  const isSignIn = new URL(answer.url).pathname.startsWith("/v1/auth/");
  if (!answer.ok || !isSignIn || !text.includes('"access_token"')) return;
  document.getElementById("token").value = JSON.parse(text).access_token ?? "";
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function who(operation) {
  const words = (operation["x-who"] ?? []).map((who) =>
    WORDS[who] ?? `services with the scope ${who.replace("service:", "")}`);
  return words.join(", ");
}

function drawn(api, { path, method, operation }) {
  const bodySchema = operation.requestBody?.content?.["application/json"]?.schema;
  const parameters = (operation.parameters ?? []).map((parameter) => [
    element("code", {}, parameter.name),
    `${parameter.in}${parameter.required ? ", required" : ""}`,
    kind(api, parameter.schema),
    sentences(parameter.description),
  ]);
  const answers = Object.entries(operation.responses ?? {}).map(([status, response]) => {
    // A failure is the same everywhere.
    if (status === "default") return sentences(`A failure: ${response.description}`);
    const schema = Object.values(response.content ?? {})[0]?.schema;
    const heading = `${status}: ${response.description}`;
    return described(api, heading, schema) ?? element("h3", {}, ...parts(heading));
  });
  const inside = () => element("div", {},
    element("p", { class: "who" }, `For ${who(operation)}. Operation ${operation.operationId}.`),
    sentences(operation.description),
    parameters.length ? table(["parameter", "in", "is", ""], parameters) : null,
    described(api, "Body", bodySchema),
    ...answers,
    tryIt(api, path, method, operation, bodySchema));
  const details = element("details", { id: operation.operationId },
    element("summary", {},
      element("span", { class: `method ${method}` }, method.toUpperCase()),
      element("span", { class: "path" }, path),
      element("span", { class: "what" }, ...parts(operation.summary))));
  // Drawn when it is opened first.
  details.addEventListener("toggle", () => details.append(inside()), { once: true });
  return details;
}

function link({ path, method, operation }) {
  const open = () => { document.getElementById(operation.operationId).open = true; };
  return element("a", { href: `#${operation.operationId}`, onclick: open },
    element("span", { class: `method ${method}` }, method.toUpperCase()),
    element("span", { class: "path" }, path.replace("/v1", "")));
}

function grouped(api) {
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((method) => item[method])) {
      const operation = item[method];
      const tag = operation.tags?.[0] ?? "other";
      groups.set(tag, [...(groups.get(tag) ?? []), { path, method, operation }]);
    }
  }
  return [...groups].sort(([left], [right]) => left.localeCompare(right));
}

function find(event) {
  const words = event.target.value.toLowerCase();
  for (const entry of document.querySelectorAll("#index a")) {
    entry.hidden = !`${entry.textContent} ${entry.hash}`.toLowerCase().includes(words);
  }
}

async function draw() {
  const api = await (await fetch("/v1/openapi.json")).json();
  document.title = api.info.title;
  document.getElementById("title").textContent = api.info.title;
  document.getElementById("about").replaceWith(sentences(api.info.description));
  const groups = grouped(api);
  document.getElementById("index").replaceChildren(...groups.map(([tag, operations]) =>
    element("div", {}, element("h3", {}, tag), ...operations.map(link))));
  document.getElementById("operations").replaceChildren(...groups.map(([tag, operations]) =>
    element("section", {}, element("h2", {}, tag), ...operations.map((one) => drawn(api, one)))));
  document.getElementById("find").addEventListener("input", find);
  const named = document.getElementById(location.hash.slice(1));
  if (named) {
    named.open = true;
    named.scrollIntoView();
  }
}

draw().catch((error) => {
  document.getElementById("operations").textContent = `The description could not be read: ${error.message}`;
});
