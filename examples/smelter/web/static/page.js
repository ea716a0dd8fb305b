"use strict";
// Everything that comes from the pipeline is put into the page as text, never as markup.

const $ = (id) => document.getElementById(id);
const LOOK = 500;
const SHOWN = 200;
const MINUTE = 60000;
const STORM = 2000;
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

function line(x) {
  const made = $("wanted").cloneNode();
  made.removeAttribute("id");
  for (const [key, value] of Object.entries({ x1: x, x2: x, y1: 0, y2: 56 })) made.setAttribute(key, value);
  return made;
}

// -- the preview ----------------------------------------------------------------------------------

function showPreview() {
  if (watching) return;
  // The time in it makes the browser ask anew.
  $("preview").src = `/preview/${encodeURIComponent(previewed)}?${Date.now()}`;
}

// A preview that breaks off, such as one whose process was killed, comes back by itself.
$("preview").addEventListener("error", () => setTimeout(showPreview, 1000));

// Pictures come by plain HTTP. With sound they come by WebRTC, which a browser plays when it is asked to.
let watching = null;

async function watch() {
  const way = await ask("/api/watching");
  const peer = new RTCPeerConnection();
  const stream = new MediaStream();
  const video = peer.addTransceiver("video", { direction: "recvonly" });
  // H.264 is made with less work, and says what its colours are.
  const codecs = RTCRtpReceiver.getCapabilities("video").codecs;
  const isFirst = (one) => one.mimeType === "video/H264";
  video.setCodecPreferences([...codecs.filter(isFirst), ...codecs.filter((one) => !isFirst(one))]);
  peer.addTransceiver("audio", { direction: "recvonly" });
  peer.addEventListener("track", (event) => stream.addTrack(event.track));
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
  const answer = await fetch(way.endpoint_route, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", Authorization: `Bearer ${way.bearer_token}` },
    body: peer.localDescription.sdp,
  });
  if (!answer.ok) throw new Error((await answer.json()).message);
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  peer.addEventListener("connectionstatechange", () => {
    if (peer === watching && ["failed", "disconnected", "closed"].includes(peer.connectionState)) again();
  });
  watching = peer;
  const film = $("film");
  film.srcObject = stream;
  film.addEventListener("loadeddata", () => turn(true), { once: true });
  await film.play();
}

function turn(isFilm) {
  $("film").hidden = !isFilm;
  $("preview").hidden = isFilm;
  $("listen").textContent = isFilm ? "No sound" : "Listen";
  $("way").textContent = isFilm ? "by WebRTC, with sound" : "";
  if (isFilm) $("preview").removeAttribute("src");
}

function unwatch() {
  watching?.close();
  watching = null;
  $("film").srcObject = null;
  turn(false);
  showPreview();
}

// Whoever let us watch was killed: until there is a successor, pictures are better than nothing.
function again() {
  unwatch();
  setTimeout(() => watch().catch(unwatch), 1500);
}

$("listen").addEventListener("click", () => {
  if (watching) {
    unwatch();
    return;
  }
  watch().catch((error) => {
    unwatch();
    note(`cannot listen: ${error.message}`, "bad");
  });
});

// -- how it goes on -------------------------------------------------------------------------------

const paces = [];
const deaths = [];

function pace(status) {
  const [count, per] = status.output_framerate.split("/").map(Number);
  const wanted = count / per;
  const now = Date.now();
  const last = paces.at(-1);
  const second = paces.findLast((one) => one.at <= now - 1000) ?? paces[0];
  const sets = status.queue.video_sets;
  // A pipeline that has begun anew counts from zero.
  const grown = last && sets < last.sets ? 0 : second ? ((sets - second.sets) * 1000) / (now - second.at) : 0;
  paces.push({ at: now, sets, rate: Math.max(0, grown) });
  while (paces[0].at < now - MINUTE) paces.shift();
  while (deaths.length && deaths[0] < now - MINUTE) deaths.shift();
  const x = (at) => 600 - ((now - at) * 600) / MINUTE;
  const y = (rate) => 52 - (Math.min(rate, wanted * 1.2) * 48) / (wanted * 1.2);
  $("wanted").setAttribute("y1", y(wanted));
  $("wanted").setAttribute("y2", y(wanted));
  const points = paces.slice(2).map((one) => `${x(one.at).toFixed(1)},${y(one.rate).toFixed(1)}`);
  $("rate").setAttribute("points", points.join(" "));
  $("deaths").replaceChildren(...deaths.map((at) => line(x(at))));
}

function link(kind, id, status) {
  const item = element("li");
  item.append(element("span", "kind", kind), element("span", "id", id));
  const found = status.links[`${kind}s`][id];
  let [text, look] = ["", "good"];
  if (kind === "output" && status.failed_outputs.includes(id)) [text, look] = ["given up", "bad"];
  else if (kind === "input" && status.queue.failed_inputs.includes(id)) [text, look] = ["given up", "bad"];
  else if (kind === "input" && status.queue.ended_inputs.includes(id)) [text, look] = ["ended", "warm"];
  else if (kind === "input" && status.queue.paused_inputs.includes(id)) [text, look] = ["paused", "warm"];
  else if (!found) text = "runs";
  else if (found.state === "up") text = "connected";
  else {
    text = found.why ? `attempt ${found.attempts}: ${found.why}` : "waits for the other end";
    look = found.why ? "bad" : "warm";
  }
  item.append(element("span", `state ${look}`, text));
  return item;
}

function showLinks(status) {
  $("links").replaceChildren(
    ...status.inputs.map((id) => link("input", id, status)),
    ...status.outputs.map((id) => link("output", id, status)));
}

function show(status) {
  pace(status);
  showLinks(status);
  $("storm").hidden = !status.may_kill;
  mayKill = status.may_kill;
  $("seconds").textContent = `${status.seconds.toFixed(1)} s`;
  $("pictures").textContent = status.queue.video_sets;
  $("dropped").textContent = status.queue.dropped;
  if (status.preview !== previewed && status.outputs.includes(status.preview)) {
    previewed = status.preview;
    $("scene-of").textContent = `of output ${previewed}`;
    $("listen").hidden = !window.RTCPeerConnection;
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
let shown = { children: [], kind: "supervisor" };
function draw(tree) {
  shown = tree;
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

// -- the end of processes -------------------------------------------------------------------------

function workers(node) {
  const inner = node.children.flatMap(workers);
  return node.kind === "worker" && node.pid ? [node, ...inner] : inner;
}

let storm = null;
$("storm").addEventListener("click", () => {
  if (storm) storm = clearInterval(storm) ?? null;
  else storm = setInterval(strike, STORM);
  $("storm").setAttribute("aria-pressed", String(storm !== null));
});

function strike() {
  const all = workers(shown);
  if (all.length) kill(all[Math.floor(Math.random() * all.length)]);
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

let heard = 0;
function told(event) {
  if (event.type === "PROCESS") {
    if (event.number <= heard) return; // it has been recalled
    heard = event.number ?? heard;
    const kind = event.what === "is back" ? "good" : "bad";
    if (event.what === "died") deaths.push(Date.now());
    // The connection would notice only after some seconds.
    if (watching && event.what === "died" && event.id === `viewers ${previewed}`) again();
    note(`${event.id} ${event.what}${event.why ? `: ${event.why}` : ""}`, kind);
    return;
  }
  if (event.type === "SET_DROPPED") return; // counted above; under load there would be nothing else to read
  const { type, ...rest } = event;
  const kind = /ERROR|LOST/.test(type) ? "bad" : type.includes("CONNECTED") ? "good" : "";
  note(`${type} ${Object.values(rest).join(" ")}`, kind);
}

let isAgain = false;
function listen() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws`);
  socket.addEventListener("open", () => {
    // The server has died and is back, and pictures that broke off do not always say so.
    if (isAgain && previewed) showPreview();
    if (isAgain) recalled = recall();
    isAgain = true;
  });
  socket.addEventListener("message", async (message) => {
    await recalled;
    told(JSON.parse(message.data));
  });
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

let isOfOurTime = false;
async function recall() {
  try {
    const isFirst = !heard && !isOfOurTime;
    for (const report of await ask("/api/reports")) told(report);
    if (isFirst) deaths.length = 0;
    isOfOurTime = true; // who dies while the server is away, too
  } catch (error) {
    connected(false);
  }
}

let recalled = recall();
listen();
look();
