// Keeps the page up to date and carries out its buttons. What a source says is only ever set as text.
"use strict";

const byId = (id) => document.getElementById(id);

// Opens the stream of events. The browser comes back by itself when the connection is lost; when it was refused, it does not.
function watch() {
  const stream = new EventSource("/events");
  stream.addEventListener("state", (event) => { connected(true, "live"); show(JSON.parse(event.data)); });
  stream.addEventListener("list", (event) => showList(JSON.parse(event.data)));
  stream.onerror = () => {
    connected(false, "connection lost, trying again …");
    if (stream.readyState === EventSource.CLOSED) explain();
  };
}

// Says why there is no stream, and tries again later.
async function explain() {
  const stop = new AbortController();
  try {
    const answer = await fetch("/events", { signal: stop.signal });
    if (!answer.ok) connected(false, (await answer.text()).trim());
  } catch {
    // There is no answer either, which the page says already.
  }
  stop.abort();
  setTimeout(watch, 3000);
}

function connected(on, said) {
  byId("connection").classList.toggle("on", on);
  setText(byId("connection"), said);
}

const FORMATS = { text: String, count: String, span, bytes };

function show(state) {
  for (const [kind, format] of Object.entries(FORMATS)) {
    for (const element of document.querySelectorAll(`[data-${kind}]`)) {
      const value = at(state, element.dataset[kind]);
      setText(element, value === null || value === undefined ? "–" : format(value));
    }
  }
  byId("served").className = "served " + (state.served ? state.served.status : "refused");
  showAge(state.in_hand);
  showMarks(state);
  showPlot(state.numbers);
  showTexts(byId("set-aside"), (state.tasks?.set_aside ?? []).map((task) => task.reason));
  if (state.fleet) showFleet(state);
}

// Whose button kills and whose revives; all that is text was set already.
function showFleet({ fleet, words }) {
  for (const [n, { name, slug, state }] of fleet.members.entries()) {
    const member = document.querySelector(`[data-member="${n}"]`);
    const verb = state === "killed" || state === "ended" ? "revive" : "kill";
    const button = member.querySelector("button");
    member.dataset.state = state;
    button.dataset.action = `${verb}-${slug}`;
    setText(button, `${verb === "kill" ? "Kill" : "Revive"} ${name}`);
  }
  showTexts(byId("loads"), words.loads);
}

function showList(list) {
  showTexts(byId("lines"), list?.lines ?? []);
  const more = list?.more ? `… and ${list.more} more` : "";
  setText(byId("more"), !list ? "There is none." : list.lines.length ? more : "The source sent an empty list.");
}

// Where the age stands: the windows are drawn equally wide, for they may be seconds and days.
function showAge(inHand) {
  const marker = byId("age").querySelector("b");
  marker.hidden = !inHand;
  if (!inHand) return;
  let left = 0, rest = inHand.age_ms;
  for (const window of [inHand.ttl_ms, inHand.stale_while_revalidate_ms, inHand.stale_if_error_ms]) {
    left += window > 0 ? Math.min(rest / window, 1) : rest > 0 ? 1 : 0;
    rest = Math.max(rest - window, 0);
    if (rest === 0) break;
  }
  marker.style.left = `${(left / 3) * 100}%`;
}

let answers = [];
let chosen = null; // The number of the answer that is told, or null for the newest.

function showMarks({ run, timeline, fleet }) {
  const marks = byId("marks");
  const now = Date.now();
  // Who answered and who had loaded is worth a word where there are several.
  answers = timeline.map((answer) => ({ ...answer, at: now - answer.ago_ms, told: Boolean(fleet) }));
  if (marks.dataset.run !== run) {
    marks.dataset.run = run;
    marks.replaceChildren();
    chosen = null;
  }
  const first = answers[0]?.n ?? 0;
  while (marks.firstChild && Number(marks.firstChild.dataset.n) < first) marks.firstChild.remove();
  const next = marks.lastChild ? Number(marks.lastChild.dataset.n) + 1 : 0;
  for (const answer of answers) {
    if (answer.n >= next) marks.append(mark(answer));
  }
  if (chosen !== null && chosen < first) chosen = null;
  tellChosen();
  if (byId("in-words").parentElement.open) {
    showTexts(byId("in-words"), answers.slice(-20).reverse().map(inWords));
  }
}

function mark(answer) {
  const mark = document.createElement("div");
  mark.id = `mark-${answer.n}`;
  mark.dataset.n = answer.n;
  mark.className = answer.told ? `${answer.status} ${answer.by.replace(" ", "-")}` : answer.status;
  mark.setAttribute("role", "option");
  mark.setAttribute("aria-label", inWords(answer));
  return mark;
}

function inWords({ at, status, rule, age_ms, waited_ms, told, by, loaded_by }) {
  const time = new Date(at).toLocaleTimeString([], { hour12: false });
  const waited = `waited ${span(waited_ms)}${told ? `, by ${by}` : ""}`;
  if (!rule) return `${time}: refused, ${waited}`;
  return `${time}: ${status}, by the rule ${rule}, ${span(age_ms)} old, ${waited}${told ? `, loaded by ${loaded_by}` : ""}`;
}

// Tells the answer that was chosen, or the newest.
function tellChosen() {
  const answer = answers.find(({ n }) => n === chosen) ?? answers.at(-1);
  if (!answer) return;
  setText(byId("mark"), `${chosen === null ? "The newest, at " : "At "}${inWords(answer)}.`);
  const marks = byId("marks");
  for (const old of marks.querySelectorAll(".chosen")) {
    if (Number(old.dataset.n) === chosen) continue;
    old.classList.remove("chosen");
    old.setAttribute("aria-selected", "false");
  }
  const mark = chosen === null ? null : byId(`mark-${chosen}`);
  mark?.classList.add("chosen");
  mark?.setAttribute("aria-selected", "true");
  if (mark) marks.setAttribute("aria-activedescendant", mark.id);
  else marks.removeAttribute("aria-activedescendant");
}

function choose(n) {
  chosen = n;
  tellChosen();
}

function chooseByKey(event) {
  if (!answers.length) return;
  const [first, last] = [answers[0].n, answers.at(-1).n];
  const now = chosen ?? last + 1;
  const wanted = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: first, End: last }[event.key];
  if (event.key === "Escape") choose(null);
  if (wanted === undefined) return;
  event.preventDefault();
  choose(Math.min(Math.max(wanted, first), last));
}

function listenToMarks() {
  const marks = byId("marks");
  marks.addEventListener("pointerover", (event) => {
    if (event.target.dataset.n) choose(Number(event.target.dataset.n));
  });
  marks.addEventListener("pointerleave", () => choose(null));
  marks.addEventListener("blur", () => choose(null));
  marks.addEventListener("keydown", chooseByKey);
}

const COLUMNS = 32; // Four for each power of ten, from a microsecond on.
const AXIS = ["1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"];

let plotted = null;

// Callers above the axis, loads below it. Heights are logarithmic too: one in a thousand is seen.
function showPlot(numbers) {
  plotted = numbers;
  const plot = byId("plot");
  const { clientWidth: width, clientHeight: height } = plot;
  if (!width) return;
  const svg = plot.firstChild ?? plot.appendChild(make("svg", { "aria-hidden": "true" }));
  const middle = height / 2, room = middle - 32, column = width / COLUMNS;
  const most = Math.log1p(Math.max(...numbers.waits.columns, ...numbers.load_times.columns, 1));
  const bars = (name, upwards) => numbers[name].columns.map((count, i) => {
    const tall = count ? Math.max((Math.log1p(count) / most) * room, 3) : 0;
    return make("rect", {
      class: name, x: i * column + 1, width: Math.max(column - 2, 1), height: tall,
      y: upwards ? middle - 10 - tall : middle + 10,
    });
  });
  const label = (text, x, y) => make("text", { x, y }, text);
  const every = width < 480 ? 2 : 1;
  const axis = AXIS.flatMap((text, i) => (i % every ? [] : [
    make("line", { class: "axis", x1: i * column * 4 + 0.5, x2: i * column * 4 + 0.5, y1: 24, y2: height - 24 }),
    label(text, i * column * 4 + 3, middle + 4),
  ]));
  svg.replaceChildren(...axis, ...bars("waits", true), ...bars("load_times", false),
    label("callers waited", 0, 14), label("loads took", 0, height - 6));
}

function make(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

async function act(button) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`/actions/${button.dataset.action}`, { method: "POST" });
    const told = await answer.json();
    say(told.said ?? told.error, !answer.ok);
  } catch {
    say("The demo does not answer. Is it still running?", true);
  }
  button.removeAttribute("aria-busy");
}

function say(text, failed) {
  byId("said").classList.toggle("failed", failed);
  byId("said").textContent = text;
}

function at(state, path) {
  return path.split(".").reduce((value, name) => value?.[name], state);
}

// Sets a text only where it differs: a selection, and a screen reader, are left in peace.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showTexts(list, texts) {
  while (list.children.length > texts.length) list.lastElementChild.remove();
  texts.forEach((text, i) => {
    const item = list.children[i] ?? list.appendChild(document.createElement("li"));
    item.dir = "auto";
    setText(item, text);
  });
}

// Milliseconds, in the unit that reads best; as the server writes them.
function span(ms) {
  if (ms < 1) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 6000) / 10} min`;
  return `${Math.round(ms / 360_000) / 10} h`;
}

function bytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < 1_048_576) return `${(count / 1024).toFixed(1)} KiB`;
  return `${(count / 1_048_576).toFixed(1)} MiB`;
}

for (const element of document.querySelectorAll(".live")) element.hidden = false;
for (const button of document.querySelectorAll("[data-action]")) button.addEventListener("click", () => act(button));
listenToMarks();
new ResizeObserver(() => plotted && showPlot(plotted)).observe(byId("plot"));
watch();
