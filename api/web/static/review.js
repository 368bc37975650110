/* The task page by key and by hand: arrows choose a record, 1-9 and 0 say whose it is, Enter confirms,
   a column dragged onto another joins it. The selects of the form hold the answer: without this
   script they are used as they stand. */
"use strict";
(() => {
  const form = () => document.querySelector("form[data-task]");
  const columns = () => [...document.querySelectorAll("[data-column]")];
  const choice = (at) => document.querySelector(`[data-group="${at}"]`);
  const inField = (at) => at.closest?.("input, select, textarea, dialog");
  const keysOn = () => localStorage.getItem("keys") !== "off";
  const news = document.getElementById("kabar");

  const paint = () => {
    for (const column of columns()) {
      const group = choice(column.dataset.column)?.value || "?";
      column.className = "column " + (group === "?" ? "g9" : "g" + Math.min(group, 9));
    }
  };
  const put = (at, value) => {
    const select = choice(at);
    if (!select || ![...select.options].some((one) => one.value === value)) return;
    select.value = value;
    paint();
    news.textContent = select.labels[0].textContent + " " + select.selectedOptions[0].textContent;
  };
  const move = (step) => {
    const all = columns(), at = all.indexOf(document.activeElement);
    const next = all[(at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step + all.length) % all.length];
    next?.focus();
    next?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (!form() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !keysOn()) return;
    if (inField(event.target) || document.querySelector("dialog[open]")) return;
    const column = event.target.closest?.("[data-column]");
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      event.preventDefault(); move(event.key === "ArrowRight" ? 1 : -1);
    } else if (column && /^[0-9]$/.test(event.key)) {
      event.preventDefault(); put(column.dataset.column, event.key === "0" ? "?" : event.key);
    } else if (event.key === "n" || (event.key === "N" && event.getModifierState("CapsLock"))) {
      event.preventDefault(); document.getElementById("f-catatan").focus();
    } else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
      event.preventDefault();
      if (!event.repeat) form().querySelector("[data-confirm]").click();
    }
  });
  document.addEventListener("keydown", (event) => { // out of the note again
    if (event.key === "Escape" && event.target.id === "f-catatan") columns()[0]?.focus();
  });
  document.addEventListener("change", (event) => { if (event.target.dataset?.group) paint(); });

  let dragged = null;
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-column]");
    if (dragged) { event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", dragged.dataset.column); }
  });
  const over = (event) => { const at = event.target.closest?.("[data-column]"); return dragged && at && at !== dragged ? at : null; };
  document.addEventListener("dragover", (event) => { const at = over(event); if (at) { event.preventDefault(); at.classList.add("over"); } });
  document.addEventListener("dragleave", (event) => event.target.closest?.("[data-column]")?.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    const at = over(event);
    if (at) { event.preventDefault(); put(dragged.dataset.column, choice(at.dataset.column).value); }
    paint(); dragged = null;
  });
  document.addEventListener("dragend", () => { // dropped on nothing: a person of its own
    if (!dragged) return;
    const at = dragged.dataset.column, taken = new Set(columns().filter((one) => one !== dragged).map((one) => choice(one.dataset.column).value));
    const free = [...choice(at).options].map((one) => one.value).find((value) => value !== "?" && !taken.has(value));
    if (free) put(at, free);
    dragged = null;
  });

  document.addEventListener("click", (event) => { // an edge of the graph opens its evidence
    const edge = event.target.closest?.("[data-pair]");
    const goal = edge && document.getElementById("pasang-" + edge.dataset.pair);
    if (!goal) return;
    event.preventDefault();
    goal.closest("details").open = true;
    goal.focus();
    goal.scrollIntoView({ block: "center" });
  });
  document.addEventListener("app:renewed", paint);
  paint();
})();
