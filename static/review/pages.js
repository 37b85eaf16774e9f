// Small comforts: times in the reader's own zone, the title's count, a word on the desktop.
(() => {
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const MOST = 1000;
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  const counter = () => document.getElementById("open-count");
  const open = () => Number(counter()?.dataset.count ?? 0);
  let known = open();

  function told(moment) {
    const seconds = (moment - Date.now()) / 1000;
    if (Math.abs(seconds) < 60) return seconds < 0 ? "just now" : "any moment";
    const [unit, length] = UNITS.find((each) => Math.abs(seconds) >= each[1]);
    return relative.format(Math.trunc(seconds / length), unit);
  }

  function localise() {
    for (const time of document.querySelectorAll("time[datetime]:not([title])")) {
      const moment = new Date(time.dateTime);
      time.title = moment.toLocaleString();
      if ("clock" in time.dataset) time.textContent = moment.toLocaleTimeString("en-GB", { timeStyle: time.dataset.clock || "short" });
    }
  }

  function tick() {
    for (const time of document.querySelectorAll("time[data-relative]")) {
      time.textContent = told(new Date(time.dateTime));
    }
  }

  // The tab says how many wait, and its icon gets a dot when one of them is urgent.
  function retitle() {
    const prefix = open() ? `(${open() > MOST ? "1,000+" : open()}) ` : "";
    document.title = prefix + document.title.replace(/^\([\d,+]+\) /, "");
    const icon = document.getElementById("favicon");
    icon.dataset.calm ??= icon.getAttribute("href");
    const wanted = counter()?.hasAttribute("data-urgent") ? icon.dataset.urgent : icon.dataset.calm;
    if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
    notify();
  }

  function notify() {
    const wants = document.body.dataset.notifies && document.hidden && open() > known;
    known = open();
    if (wants && "Notification" in window && Notification.permission === "granted") {
      new Notification(document.title, { tag: "holdpoint-queue", icon: document.getElementById("favicon").href });
    }
  }

  document.cookie = `zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`; // for "tomorrow at nine"
  localise();
  retitle();
  setInterval(tick, 60000);
  document.addEventListener("htmx:afterSwap", localise); // at once: a time that gets shorter later moves the lines
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(name, retitle); // by then htmx has set the title
  document.querySelector("[name=notifies]")?.addEventListener("change", (event) => {
    if (event.target.checked) Notification.requestPermission();
  });
})();
