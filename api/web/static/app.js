/* Keys, partial updates, announcements. Every page works without this; with it, it is quicker.

   data-key="s"            the key that presses this link or button (shown beside it, listed under ?)
   data-key-shown="1–9"    a key that the page's own script answers: listed under ?, pressed by it
   data-partial="region"   this link or form renews the element with id "region" only
   data-next="/path"       on a form: show this page's region at once, it was fetched ahead; the form is sent
                           behind it, and should it be refused, its own page comes back and says why
   data-onward="/path"     on a form: where to go when that page cannot be had any more
   data-focus              in a renewed region: where the focus goes (else its first heading)
   data-download           on a form: a file comes back, the page stays
   data-submit             this field sends its form when it changes
   data-poll="region"      while this stands in that region, the region is renewed by itself every second
   An element "app:renewed" event tells other scripts that a region was renewed. */
"use strict";
(() => {
  const body = document.body;
  const news = document.getElementById("kabar");
  const announce = (text) => { news.textContent = ""; setTimeout(() => { news.textContent = text; }, 30); };
  const inField = (at) => at.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]");
  const lower = (event) => (event.getModifierState("CapsLock") && event.key.length === 1 ? event.key.toLowerCase() : event.key);
  const keysOn = () => localStorage.getItem("keys") !== "off";

  /* Pages fetched ahead: region and path -> {come: promise of a document, page: the document, once it is there}. */
  const ahead = new Map();
  const read = (text) => new DOMParser().parseFromString(text, "text/html");
  const ask = (path, region, more = {}) => fetch(path, {
    ...more, credentials: "same-origin",
    headers: { "X-Partial": region, Accept: "text/html", ...more.headers },
  });
  const flying = new Set(); // what was sent and is not answered yet
  const landed = () => Promise.allSettled(flying);
  const aSecond = () => new Promise((done) => { setTimeout(done, 1000); });
  const painted = () => new Promise((done) => { // or the page is left: then at once
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, 200);
    addEventListener("pagehide", done, { once: true });
  });
  const fetchAhead = (path, region) => {
    const name = region + " " + path;
    if (ahead.has(name)) return;
    if (ahead.size > 8) ahead.delete(ahead.keys().next().value);
    const entry = { page: null };
    entry.come = Promise.race([landed(), aSecond()]).then(() => ask(path, region, { priority: "low", headers: { "X-Ahead": "yes" } }))
      .then(async (answer) => (answer.ok && !answer.redirected ? (entry.page = read(await answer.text())) : null))
      .catch(() => null);
    ahead.set(name, entry);
  };
  const taken = (path, region) => {
    const name = region + " " + path, found = ahead.get(name);
    ahead.delete(name);
    return found;
  };

  const flashes = (from) => { // whether anything was said
    const found = from.querySelectorAll("[data-flash]");
    for (const flash of found) {
      document.getElementById("pesan").replaceChildren(flash);
      announce(flash.textContent);
    }
    return found.length > 0;
  };
  /* Which page stands here. What is asked for later counts: an answer that it overtook is not shown. */
  let turn = 0, shown = -Infinity, standing = location.pathname + location.search;
  const stands = (path, region, put = "pushState") => {
    history[put]({ region }, "", path);
    standing = location.pathname + location.search;
  };
  const SLOW = 20000; // milliseconds in which a form is sent once: what comes back may be shown this once
  const SAVED = 4000; // the same, where a file comes back and the page stays
  const SEEN = 300; // milliseconds in which nobody can have judged what has just come: the key was pressed twice
  const roles = { TABLE: "table", TBODY: "rowgroup", TR: "row", TD: "cell", TH: "rowheader" };
  const stack = () => { // drawn as lists on a phone, tables stay tables for who hears them
    for (const table of document.querySelectorAll("table.stacks:not(.stacked)")) {
      const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
      for (const part of [table, ...table.querySelectorAll("tbody, tbody tr, tbody td, tbody th")]) part.setAttribute("role", roles[part.tagName]);
      for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, at) => { cell.dataset.head = heads[at] || ""; });
      table.classList.add("stacked");
    }
  };
  stack();
  document.addEventListener("app:renewed", stack);
  const renew = (region, parsed, titled = true) => { // titled: the page is another now, not only its region
    const target = document.getElementById(region);
    const whole = parsed.getElementById(region);
    document.getElementById("pesan").replaceChildren();
    const told = flashes(parsed);
    target.replaceChildren(...(whole ? whole : parsed.body).childNodes);
    target.removeAttribute("aria-busy");
    if (titled && parsed.title) document.title = parsed.title;
    const goal = target.querySelector("[data-focus], [autofocus]") || target.querySelector("h1, h2") || target;
    if (!goal.hasAttribute("tabindex") && !goal.matches("a, button, input, select, textarea")) goal.tabIndex = -1;
    goal.focus({ preventScroll: true });
    if (target.getBoundingClientRect().top < 0) target.scrollIntoView({ block: "start" });
    if (!told) announce(goal.matches("h1, h2, h3") ? goal.textContent.trim() : body.dataset.sayDone);
    shown = performance.now();
    prepare(target);
    target.dispatchEvent(new CustomEvent("app:renewed", { bubbles: true }));
  };
  const failed = () => {
    const message = document.createElement("div");
    message.className = "message bad"; message.setAttribute("role", "alert");
    message.textContent = body.dataset.sayFailed;
    document.getElementById("pesan").replaceChildren(message);
    for (const busy of document.querySelectorAll("[aria-busy]")) busy.removeAttribute("aria-busy");
  };
  const leads = (answer) => { // signed out, or to a page that has no such region
    if (!answer.redirected || new URL(answer.url).pathname !== "/masuk") return false;
    location.assign(answer.url); return true;
  };

  const follow = async (path, region, push = true) => {
    const target = document.getElementById(region);
    if (!target) { location.assign(path); return; }
    target.setAttribute("aria-busy", "true");
    const own = ++turn;
    try {
      let found = await taken(path, region)?.come, end = path;
      if (!found) {
        const answer = await ask(path, region);
        if (own !== turn) return;
        if (leads(answer)) return;
        if (!answer.ok) { location.assign(path); return; }
        found = read(await answer.text()); end = answer.redirected ? answer.url : path;
      }
      if (own !== turn) return;
      if (push) stands(end, region);
      renew(region, found);
    } catch { if (own === turn) failed(); }
  };

  const post = (path, region, form, data, early) => ask(path, region, {
    method: "POST", body: form.enctype === "multipart/form-data" ? data : new URLSearchParams(data), keepalive: early,
    headers: early ? { "X-Ahead": "yes" } : {},
  });
  const fly = (asked) => {
    flying.add(asked);
    asked.catch(() => null).finally(() => flying.delete(asked));
    return asked;
  };
  const hold = () => { // keys meant for the page that stood here answer nothing
    const swallow = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
    addEventListener("keydown", swallow, true);
    setTimeout(() => removeEventListener("keydown", swallow, true), 700);
  };
  /* The next page stands already, or as soon as it has come: what was sent is answered behind it. */
  const sendBehind = async (path, region, form, data, next, entry) => {
    const target = document.getElementById(region), own = location.href, mine = ++turn;
    let before = null;
    const show = (page) => {
      before = [...target.childNodes];
      stands(next, region); renew(region, page);
    };
    const back = () => { turn += 1; if (before) stands(own, region, "replaceState"); };
    try {
      const sent = () => post(path, region, form, data, true);
      const asked = fly(entry.page ? painted().then(sent) : sent());
      if (!entry.page) target.setAttribute("aria-busy", "true");
      const page = entry.page || await entry.come;
      if (page && mine === turn) show(page); // else what was sent before came back, refused, and stands here
      const answer = await asked;
      if (leads(answer)) return;
      if (answer.redirected) { location.assign(answer.url); return; } // the form stands there, not sent
      const said = read(await answer.text());
      if (!answer.ok) { back(); refused(region, said); hold(); return; }
      if (!before && mine === turn) await follow(form.dataset.onward || next, region);
      flashes(said);
    } catch {
      if (before) { back(); target.replaceChildren(...before); hold(); }
      failed();
    }
  };
  const refused = (region, said) => { // a page of its own in the region's place, where it is one
    const main = said.getElementById(region) ? null : said.querySelector("main");
    if (main) said.body.replaceChildren(...main.childNodes);
    renew(region, said);
  };

  const send = async (form, button) => {
    const region = form.dataset.partial, target = document.getElementById(region);
    const data = new FormData(form, button);
    const path = button?.getAttribute("formaction") || form.getAttribute("action") || location.pathname;
    if (form.method === "get") {
      await follow(path + "?" + new URLSearchParams(data), region); return;
    }
    const next = button?.dataset.next || form.dataset.next;
    const entry = next && taken(next, region);
    if (entry) { await sendBehind(path, region, form, data, next, entry); return; }
    target.setAttribute("aria-busy", "true");
    try {
      await landed(); // what undoes the last answer comes after it
      const answer = await fly(post(path, region, form, data, false));
      if (leads(answer)) return;
      const said = read(await answer.text());
      turn += 1;
      if (answer.redirected) stands(answer.url, region);
      if (answer.ok) renew(region, said, answer.redirected); else refused(region, said);
    } catch { failed(); }
  };

  const prepare = (root) => {
    for (const form of root.querySelectorAll("[data-next]")) {
      const region = form.dataset.partial || form.form?.dataset.partial;
      if (region && form.dataset.next) fetchAhead(form.dataset.next, region);
    }
    if (root.querySelector("[data-poll]")) again(1000);
  };
  /* What goes on by itself is shown without moving the focus; that it has ended is announced. */
  let polling = 0;
  const again = (pause) => { clearTimeout(polling); polling = setTimeout(poll, pause); };
  const poll = async () => {
    const at = document.querySelector("[data-poll]"), region = at?.dataset.poll, target = document.getElementById(region);
    if (!target) return;
    try {
      const answer = await ask(location.pathname + location.search, region);
      if (leads(answer)) return;
      if (!answer.ok || !at.isConnected) throw new Error();
      const parsed = read(await answer.text());
      const focus = target.contains(document.activeElement) ? document.activeElement.dataset.key || "" : null;
      flashes(parsed);
      target.replaceChildren(...parsed.body.childNodes);
      if (focus !== null) {
        const goal = (focus && target.querySelector(`[data-key="${focus}"]`)) || target.querySelector("h2") || target;
        if (!goal.dataset.key) goal.tabIndex = -1;
        goal.focus({ preventScroll: true });
      }
      if (!target.querySelector("[data-poll]"))
        announce(target.querySelector(".message")?.textContent || body.dataset.sayDone);
      prepare(target);
    } catch { again(5000); }
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-partial]");
    if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    follow(link.getAttribute("href"), link.dataset.partial);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    const early = performance.now() - shown < SEEN && form.matches("[data-next], :has([data-next])");
    if (form.dataset.sent || early) { event.preventDefault(); return; } // pressed twice
    const again = () => { delete form.dataset.sent; form.removeAttribute("aria-busy"); };
    if (form.method !== "get") { form.dataset.sent = "yes"; form.ariaBusy = "true"; setTimeout(again, "download" in form.dataset ? SAVED : SLOW); }
    if (!form.dataset.partial || !document.getElementById(form.dataset.partial)) return;
    event.preventDefault();
    send(form, event.submitter).finally(again);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form?.requestSubmit();
  });
  addEventListener("popstate", (event) => {
    if (location.pathname + location.search === standing) return; // to a place on this page
    standing = location.pathname + location.search;
    const region = event.state?.region;
    if (region && document.getElementById(region)) follow(location.pathname + location.search, region, false);
    else location.reload();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  /* Keys */
  const ready = (what) => [...document.querySelectorAll(what)].filter((at) => at.offsetParent !== null && !at.disabled);
  const showKeys = () => {
    document.getElementById("tombol")?.remove();
    const dialog = document.createElement("dialog");
    dialog.id = "tombol"; dialog.setAttribute("aria-label", body.dataset.sayKeys);
    const title = Object.assign(document.createElement("h2"), { textContent: body.dataset.sayKeys });
    const list = document.createElement("dl"); list.className = "pairs";
    for (const at of ready("[data-key], [data-key-shown]")) {
      const words = at.getAttribute("aria-label") || at.labels?.[0]?.textContent.trim() || [...at.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent.trim()).filter(Boolean).join(" ");
      const key = document.createElement("dt"), what = document.createElement("dd");
      key.append(Object.assign(document.createElement("kbd"), { textContent: at.dataset.key || at.dataset.keyShown }));
      what.textContent = words; list.append(key, what);
    }
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox"; box.checked = keysOn();
    box.addEventListener("change", () => localStorage.setItem("keys", box.checked ? "on" : "off"));
    label.append(box, body.dataset.sayKeysOn);
    const close = Object.assign(document.createElement("button"), { textContent: body.dataset.sayClose, type: "button" });
    close.addEventListener("click", () => dialog.close());
    dialog.append(title, list, label, close); body.append(dialog);
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && inField(event.target)) { event.target.blur(); return; }
    if (inField(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") { event.preventDefault(); showKeys(); return; }
    if (!keysOn() || event.repeat) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return; // it is pressed itself
    const key = lower(event), found = ready("[data-key]").find((at) => at.dataset.key === key);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input:not([type=checkbox]):not([type=radio]), textarea, select")) found.focus();
    else found.click();
  });

  /* Before the session ends for want of use. */
  const idle = Number(body.dataset.idle) * 60000;
  if (idle > 180000) {
    let seen = Date.now(), asked = seen, told = false;
    const wake = () => { // who types a long text asks for nothing: the hub hears now and then that somebody is here
      seen = Date.now();
      if (!told && seen - asked < idle / 4) return;
      asked = seen;
      if (told) { told = false; document.getElementById("pesan").replaceChildren(); }
      fetch("/v1/session", { credentials: "same-origin" }).catch(() => {});
    };
    for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, wake);
    setInterval(() => {
      if (told || Date.now() - seen < idle - 120000) return;
      told = true;
      const message = Object.assign(document.createElement("div"), { className: "message", textContent: body.dataset.sayIdle });
      message.setAttribute("role", "alert");
      document.getElementById("pesan").replaceChildren(message);
    }, 15000);
  }
  history.replaceState({}, "");
  prepare(document);
  document.documentElement.dataset.ready = "yes";
})();
