"use strict";
// A page of points to judge. Its data stands in #data; `said` holds [reference, comment] by id.
const find = (id) => document.getElementById(id);
const data = JSON.parse(find("data").textContent);
const key = "minenetcd accuracy " + data.sample;
let said = {};
let at = 0;

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(key) || "{}");
    said = kept.said || {};
    at = Math.min(Math.max(Number(kept.at) || 0, 0), data.points.length - 1);
  } catch (error) {
    find("forgetful").hidden = false;
  }
}

function keep() {
  try {
    localStorage.setItem(key, JSON.stringify({ said, at }));
  } catch (error) {
    find("forgetful").hidden = false;
  }
}

const entry = (point) => said[point.id] || ["", ""];

function show() {
  const point = data.points[at];
  const [reference, comment] = entry(point);
  find("before").src = point.before;
  find("after").src = point.after;
  find("name-before").textContent = "Before";
  find("where").textContent = `Point ${at + 1} of ${data.points.length}` + (point.place ? `, at ${point.place}` : "");
  const judged = data.points.filter((each) => entry(each)[0]).length;
  find("count").textContent = judged === data.points.length ? "All are judged: save the table" : `${judged} judged`;
  find("done").style.width = `${(100 * judged) / data.points.length}%`;
  find("comment").value = comment;
  for (const button of find("answers").children)
    button.setAttribute("aria-pressed", String(button.dataset.code === reference));
}

function go(place) {
  at = Math.min(Math.max(place, 0), data.points.length - 1);
  keep();
  show();
}

function answer(code) {
  said[data.points[at].id] = [code, entry(data.points[at])[1]];
  go(code ? at + 1 : at);
}

function goToOpen() {
  const order = data.points.map((_, step) => (at + 1 + step) % data.points.length);
  const open = order.find((place) => !entry(data.points[place])[0]);
  if (open !== undefined) go(open);
}

function cell(text) {
  const safe = /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text; // no spreadsheet computes it
  return /[",;\n\r\t]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function table() {
  const rows = data.points.map((point) => [point.id, ...entry(point), data.sample]);
  return [["id", "reference", "comment", "sample"], ...rows].map((row) => row.map(cell).join(",") + "\n").join("");
}

function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv" }));
  link.download = `references-${data.sample}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function blink(on) {
  const point = data.points[at];
  find("before").src = on ? point.after : point.before;
  find("name-before").textContent = on ? "After" : "Before";
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === find("comment")) {
    if (event.key === "Enter" || event.key === "Escape") find("comment").blur();
    return;
  }
  const chosen = data.answers.find((each) => each.key && each.key === event.key.toLowerCase());
  const moves = {
    ArrowLeft: () => go(at - 1), z: () => go(at - 1), ArrowRight: () => go(at + 1), n: goToOpen, x: () => answer(""),
    o: () => find("judge").classList.toggle("hidden-outline"), " ": () => blink(true),
  };
  const act = chosen ? () => answer(chosen.code) : moves[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

for (const each of data.answers) {
  const button = document.createElement("button");
  button.dataset.code = each.code;
  button.append(each.name + " ");
  if (each.key) button.append(Object.assign(document.createElement("kbd"), { textContent: each.key }));
  button.addEventListener("click", () => { button.blur(); answer(each.code); });
  find("answers").append(button);
}
for (const frame of document.querySelectorAll(".target")) {
  const place = `${(100 * Math.floor(data.side / 2)) / data.side}%`;
  Object.assign(frame.style, { left: place, top: place, width: `${100 / data.side}%`, height: `${100 / data.side}%` });
}
find("back").addEventListener("click", () => go(at - 1));
find("next").addEventListener("click", () => go(at + 1));
find("open").addEventListener("click", goToOpen);
find("clear").addEventListener("click", () => answer(""));
find("save").addEventListener("click", save);
find("comment").addEventListener("input", (event) => {
  said[data.points[at].id] = [entry(data.points[at])[0], event.target.value];
  keep();
});
document.addEventListener("keydown", press);
document.addEventListener("keyup", (event) => { if (event.key === " ") blink(false); });
load();
show();
