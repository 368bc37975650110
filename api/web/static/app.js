/* Keys, partial updates, announcements. Every page works without this; with it, it is quicker.

   data-key="s"            the key that presses this link or button (shown beside it, listed under ?)
   data-partial="region"   this link or form renews the element with id "region" only
   data-next="/path"       on a form: show this page's region at once, it was fetched ahead
   data-prefetch           on a link: fetch its page ahead
   data-focus              in a renewed region: where the focus goes (else its first heading)
   data-dialog="id"        this button opens that dialog
   data-submit             this field sends its form when it changes
   An element "app:renewed" event tells other scripts that a region was renewed. */
"use strict";
(() => {
  const body = document.body;
  const news = document.getElementById("kabar");
  const announce = (text) => { news.textContent = ""; setTimeout(() => { news.textContent = text; }, 30); };
  const inField = (at) => at.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]");
  const keysOn = () => localStorage.getItem("keys") !== "off";

  /* Pages fetched ahead: path -> promise of text, of one region each. */
  const ahead = new Map();
  const ask = (path, region, more = {}) => fetch(path, {
    ...more, credentials: "same-origin",
    headers: { "X-Partial": region, Accept: "text/html", ...more.headers },
  });
  let sending = Promise.resolve(); // until what was sent last is answered, or a second has gone by
  const fetchAhead = (path, region) => {
    const name = region + " " + path;
    if (ahead.has(name)) return;
    if (ahead.size > 8) ahead.delete(ahead.keys().next().value);
    ahead.set(name, sending.then(() => ask(path, region, { priority: "low" }))
      .then((answer) => (answer.ok && !answer.redirected ? answer.text() : null)).catch(() => null));
  };
  const taken = (path, region) => {
    const name = region + " " + path, found = ahead.get(name);
    ahead.delete(name);
    return found;
  };

  const flashes = (from) => {
    for (const flash of from.querySelectorAll("[data-flash]")) {
      document.getElementById("pesan").replaceChildren(flash);
      announce(flash.textContent);
    }
  };
  const renew = (region, text) => {
    const target = document.getElementById(region);
    const parsed = new DOMParser().parseFromString(text, "text/html");
    const whole = parsed.getElementById(region);
    document.getElementById("pesan").replaceChildren();
    flashes(parsed);
    target.replaceChildren(...(whole ? whole : parsed.body).childNodes);
    target.removeAttribute("aria-busy");
    if (whole && parsed.title) document.title = parsed.title;
    const goal = target.querySelector("[data-focus], [autofocus]") || target.querySelector("h1, h2") || target;
    if (!goal.hasAttribute("tabindex") && !goal.matches("a, button, input, select, textarea")) goal.tabIndex = -1;
    goal.focus({ preventScroll: true });
    if (target.getBoundingClientRect().top < 0) target.scrollIntoView({ block: "start" });
    if (!news.textContent) announce(goal.matches("h1, h2, h3") ? goal.textContent.trim() : body.dataset.sayDone);
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
    try {
      let text = await taken(path, region), end = path;
      if (text === undefined || text === null) {
        const answer = await ask(path, region);
        if (leads(answer)) return;
        if (!answer.ok) { location.assign(path); return; }
        text = await answer.text(); end = answer.redirected ? answer.url : path;
      }
      if (push) history.pushState({ region }, "", end);
      renew(region, text);
    } catch { failed(); }
  };

  const send = async (form, button) => {
    const region = form.dataset.partial, target = document.getElementById(region);
    const data = new FormData(form, button);
    const path = button?.getAttribute("formaction") || form.getAttribute("action") || location.pathname;
    if (form.method === "get") {
      await follow(path + "?" + new URLSearchParams(data), region); return;
    }
    const upload = form.enctype === "multipart/form-data";
    const next = button?.dataset.next || form.dataset.next;
    const early = next && taken(next, region);
    const asked = ask(path, region, {
      method: "POST", body: upload ? data : new URLSearchParams(data), headers: { "X-CSRF-Token": body.dataset.csrf || "" },
    });
    sending = Promise.race([asked.catch(() => null), new Promise((done) => { setTimeout(done, 1000); })]);
    target.setAttribute("aria-busy", "true");
    try {
      const text = early ? await early : null;
      if (text) { history.pushState({ region }, "", next); renew(region, text); }
      const answer = await asked;
      if (leads(answer)) return;
      const said = await answer.text();
      if (text && answer.ok) { flashes(new DOMParser().parseFromString(said, "text/html")); return; }
      if (answer.redirected) history.pushState({ region }, "", answer.url);
      const parsed = new DOMParser().parseFromString(said, "text/html");
      if (!answer.ok && !parsed.getElementById(region)) { // a refusal: its page in the region's place
        renew(region, parsed.querySelector("main")?.innerHTML || said); return;
      }
      renew(region, said);
    } catch { failed(); }
  };

  const prepare = (root) => {
    for (const form of root.querySelectorAll("[data-next]")) {
      const region = form.dataset.partial || form.form?.dataset.partial;
      if (region && form.dataset.next) fetchAhead(form.dataset.next, region);
    }
    for (const link of root.querySelectorAll("a[data-prefetch][data-partial]"))
      fetchAhead(link.getAttribute("href"), link.dataset.partial);
  };

  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-dialog]");
    if (opens) { document.getElementById(opens.dataset.dialog)?.showModal(); return; }
    const link = event.target.closest("a[data-partial]");
    if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    follow(link.getAttribute("href"), link.dataset.partial);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; } // pressed twice
    if (form.method !== "get") { form.dataset.sent = "yes"; setTimeout(() => delete form.dataset.sent, 4000); }
    if (!form.dataset.partial || !document.getElementById(form.dataset.partial)) return;
    event.preventDefault();
    send(form, event.submitter).finally(() => delete form.dataset.sent);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form?.requestSubmit();
  });
  addEventListener("popstate", (event) => {
    const region = event.state?.region;
    if (region && document.getElementById(region)) follow(location.pathname + location.search, region, false);
    else location.reload();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  /* Keys */
  const named = () => [...document.querySelectorAll("[data-key]")].filter((at) => at.offsetParent !== null && !at.disabled);
  const showKeys = () => {
    document.getElementById("tombol")?.remove();
    const dialog = document.createElement("dialog");
    dialog.id = "tombol"; dialog.setAttribute("aria-label", body.dataset.sayKeys);
    const title = Object.assign(document.createElement("h2"), { textContent: body.dataset.sayKeys });
    const list = document.createElement("dl"); list.className = "pairs";
    for (const at of named()) {
      const words = at.getAttribute("aria-label") || [...at.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent).join("").trim();
      const key = Object.assign(document.createElement("dt"), {}), what = document.createElement("dd");
      key.append(Object.assign(document.createElement("kbd"), { textContent: at.dataset.key }));
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
    const found = named().find((at) => at.dataset.key === event.key);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input:not([type=checkbox]):not([type=radio]), textarea, select")) found.focus();
    else found.click();
  });
  for (const at of document.querySelectorAll("[data-show-keys]")) {
    at.hidden = false; at.addEventListener("click", showKeys);
  }

  /* Before the session ends for want of use. */
  const idle = Number(body.dataset.idle) * 60000;
  if (idle > 180000) {
    let seen = Date.now(), told = false;
    const wake = () => {
      seen = Date.now();
      if (told) { told = false; document.getElementById("pesan").replaceChildren(); fetch("/v1/session", { credentials: "same-origin" }).catch(() => {}); }
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
  history.replaceState({ region: document.querySelector("[data-region]")?.id }, "");
  prepare(document);
  document.documentElement.dataset.ready = "yes";
})();
