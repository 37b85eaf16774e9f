// The live stream: one socket a page, a cursor for each run; without a socket, a poll.
// News are told as events on <body>: holdpoint:lines (with their HTML), :run, :request, :queue, :missed.
(() => {
  const POLL = 15000, STALE = 60000, LONGEST_PAUSE = 15000, ACK = 250, SPREAD = 400, BUSY = 50, SETTLE = 1000, OPEN = 1;
  const NEVER_AGAIN = { 4400: "Not live", 4401: "Sign in again", 4403: "Not yours any more", 4404: "Not live" };
  const pill = document.getElementById("connection"), again = document.getElementById("reconnect");
  const cursors = new Map(), waiting = new Set();
  let names = [], socket, retry, acking, isOver = false, tries = 0, heardAt = 0, newest = 0;
  if (!pill) return;

  const tell = (name, detail) => document.body.dispatchEvent(new CustomEvent(`holdpoint:${name}`, { detail }));
  const lastUpdate = () => (heardAt ? ` Last update ${new Date(heardAt).toLocaleTimeString("en-GB")}` : "");

  function show(state, text) {
    pill.dataset.state = state;
    again.hidden = !retry;
    if (pill.textContent !== text) pill.textContent = text;
  }

  // What the page in #main wants to hear. Numbers are those of the page, or higher ones heard since.
  function readTopics() {
    const topics = (document.getElementById("main").dataset.liveTopics ?? "").split(",").filter(Boolean);
    names = topics.map((topic) => topic.split("@")[0]);
    for (const topic of topics.filter((each) => each.includes("@"))) {
      const [name, number] = topic.split("@");
      cursors.set(name, Math.max(Number(number), cursors.get(name) ?? 0));
    }
    for (const name of cursors.keys()) if (!names.includes(name)) cursors.delete(name);
  }

  function connect() {
    retry = clearTimeout(retry);
    const address = new URL("/ws/live/", location);
    address.protocol = location.protocol.replace("http", "ws");
    address.searchParams.set("topics", names.map((name) => (cursors.has(name) ? `${name}@${cursors.get(name)}` : name)));
    const opened = (socket = new WebSocket(address));
    socket.onmessage = (event) => opened === socket && hear(JSON.parse(event.data));
    socket.onclose = (event) => opened === socket && leave(event.code);
  }

  function hangUp() {
    const closing = socket;
    socket = undefined; // what it still says is not heard
    closing?.close();
  }

  function leave(code) {
    hangUp();
    isOver = code in NEVER_AGAIN;
    if (isOver) return show("offline", NEVER_AGAIN[code]);
    tries += 1;
    retry = setTimeout(connect, Math.random() * Math.min(LONGEST_PAUSE, 500 * 2 ** tries)); // full jitter
    show(navigator.onLine ? "reconnecting" : "offline", (navigator.onLine ? "Reconnecting…" : "Offline.") + lastUpdate());
  }

  function hear(message) {
    [heardAt, tries] = [Date.now(), 0];
    show("live", "Live");
    if (message.topic === "queue") return tellSoon("queue", Math.random() * SPREAD); // not all pages at once
    if (message.topic.startsWith("request:")) return tellSoon("request");
    if (!cursors.has(message.topic) || message.number <= cursors.get(message.topic)) return;
    cursors.set(message.topic, message.number);
    if (message.reset) tell("missed");
    tell("lines", message.html);
    newest = message.number;
    acking ??= setTimeout(acknowledge, ACK);
  }

  function tellSoon(name, delay = 0) {
    if (waiting.has(name)) return;
    waiting.add(name);
    setTimeout(tellNow, delay, name);
  }

  // What is being fetched may be older than these news, and a part that asks replaces itself: it hears them after that.
  function tellNow(name) {
    if (document.querySelector(".htmx-request")) return void setTimeout(tellNow, BUSY, name);
    waiting.delete(name);
    tell(name);
  }

  function acknowledge() {
    acking = undefined;
    if (socket?.readyState === OPEN) socket.send(JSON.stringify({ ack: newest }));
  }

  async function poll() {
    if (isOver || Date.now() - heardAt < STALE) return;
    if (socket?.readyState === OPEN) leave(1006); // half dead
    for (const name of [...cursors.keys()]) {
      const address = `/runs/${name.slice(4)}/events/?after=${cursors.get(name)}`; // name: run:<id>
      const response = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (response?.status === 401) return leave(4401);
      if (!response?.ok) return;
      const html = await response.text();
      const last = [...html.matchAll(/ data-number="(\d+)"/g)].at(-1);
      if (last) cursors.set(name, Number(last[1]));
      tell("lines", html);
    }
    for (const name of ["queue", "request"]) tellSoon(name);
    show("reconnecting", `Stale: checked every ${POLL / 1000} s.${lastUpdate()}`);
  }

  // The next request was swapped in: other topics, another socket. Who passes on at once needs none.
  function move(event) {
    if (event.detail.target?.id !== "main" || isOver) return;
    const before = names.join();
    readTopics();
    if (names.join() === before) return;
    hangUp();
    clearTimeout(retry);
    retry = setTimeout(connect, SETTLE);
  }

  readTopics();
  if (!names.length) return;
  document.addEventListener("htmx:afterSettle", move);
  addEventListener("online", () => retry && connect());
  again.addEventListener("click", connect);
  setInterval(poll, POLL);
  if ("WebSocket" in window) connect();
})();
