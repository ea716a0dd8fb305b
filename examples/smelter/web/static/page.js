"use strict";
// Everything that comes from the pipeline is put into the page as text, never as markup.

const $ = (id) => document.getElementById(id);
const LOOK = 500;
const SHOWN = 200;
let mayKill = false;
let previewed = null;
const pids = new Map();

function element(name, kind, text) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}

async function ask(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.message);
  return found;
}

function connected(isUp) {
  $("connection").textContent = isUp ? "connected" : "not connected";
  $("connection").className = isUp ? "up" : "down";
}

function showPreview() {
  // The time in it makes the browser ask anew.
  $("preview").src = `/preview/${encodeURIComponent(previewed)}?${Date.now()}`;
}

// A preview that breaks off, such as one whose process was killed, comes back by itself.
$("preview").addEventListener("error", () => setTimeout(showPreview, 1000));

function show(status) {
  mayKill = status.may_kill;
  $("seconds").textContent = `${status.seconds.toFixed(1)} s`;
  $("pictures").textContent = status.queue.video_sets;
  $("dropped").textContent = status.queue.dropped;
  if (status.preview !== previewed && status.outputs.includes(status.preview)) {
    previewed = status.preview;
    $("scene-of").textContent = `of output ${previewed}`;
    showPreview();
    if (!$("scene").value) $("scene").value = JSON.stringify(status.scene, null, 2);
  }
}

function branch(node, path) {
  const here = `${path}/${node.id}`;
  const item = element("li", node.kind);
  const row = element("div", node.pid ? "process" : "process dead");
  row.dataset.id = node.id;
  row.dataset.pid = node.pid;
  row.append(element("span", "dot"), element("span", "id", node.id));
  row.append(element("span", "pid", node.pid || "being started"));
  if (node.restarts) row.append(element("span", "times", `back ×${node.restarts}`));
  if (mayKill && node.pid && path) {
    const button = element("button", "", "kill");
    button.type = "button";
    button.setAttribute("aria-label", `kill ${node.id}`);
    button.addEventListener("click", () => kill(node));
    row.append(button);
  }
  const before = pids.get(here);
  if (node.pid && before && before.pid !== node.pid) before.until = Date.now() + 1600;
  const known = before || { until: 0 };
  known.pid = node.pid || known.pid;
  pids.set(here, known);
  if (known.until > Date.now()) row.classList.add("back");
  item.append(row);
  if (node.children.length) {
    const list = element("ul");
    list.append(...node.children.map((child) => branch(child, here)));
    item.append(list);
  }
  return item;
}

const total = (node) => node.restarts + node.children.reduce((sum, one) => sum + total(one), 0);

let drawn = "";
function draw(tree) {
  const text = JSON.stringify(tree) + mayKill;
  if (text === drawn) return;
  drawn = text;
  const focused = document.activeElement?.closest?.(".process")?.dataset.id;
  $("tree").replaceChildren(branch(tree, ""));
  $("restarts").textContent = total(tree);
  if (focused) {
    for (const row of document.querySelectorAll(".process")) {
      if (row.dataset.id === focused) row.querySelector("button")?.focus();
    }
  }
}

async function kill(node) {
  try {
    await ask("/api/kill", { pid: node.pid });
    note(`${node.id} ${node.pid} is killed`, "bad");
  } catch (error) {
    note(`${node.id}: ${error.message}`, "bad");
  }
}

function note(text, kind) {
  const item = element("li", kind);
  item.append(element("time", "", new Date().toLocaleTimeString([], { hour12: false })), text);
  $("events").prepend(item);
  while ($("events").children.length > SHOWN) $("events").lastChild.remove();
}

function told(event) {
  if (event.type === "PROCESS") {
    const kind = event.what === "is back" ? "good" : "bad";
    note(`${event.id} ${event.what}${event.why ? `: ${event.why}` : ""}`, kind);
    return;
  }
  if (event.type === "SET_DROPPED") return; // counted above; under load there would be nothing else to read
  const { type, ...rest } = event;
  note(`${type} ${Object.values(rest).join(" ")}`, type.includes("ERROR") ? "bad" : "");
}

function listen() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  socket.addEventListener("message", (message) => told(JSON.parse(message.data)));
  socket.addEventListener("close", () => setTimeout(listen, 1000));
}

let wasUp = false;
async function look() {
  if (!document.hidden) {
    try {
      show(await ask("/status"));
      draw(await ask("/api/tree"));
      if (!wasUp && previewed) showPreview();
      wasUp = true;
      connected(true);
    } catch (error) {
      wasUp = error instanceof TypeError ? false : wasUp;
      connected(wasUp);
    }
  }
  setTimeout(look, LOOK);
}

$("scene-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = $("scene-said");
  try {
    const root = JSON.parse($("scene").value);
    await ask(`/api/output/${encodeURIComponent(previewed)}/update`, { video: { root } });
    said.textContent = "shown";
    said.className = "good";
  } catch (error) {
    said.textContent = error.message;
    said.className = "bad";
  }
});

async function recall() {
  try {
    for (const report of await ask("/api/reports")) told(report);
  } catch (error) {
    connected(false);
  }
}

recall();
listen();
look();
