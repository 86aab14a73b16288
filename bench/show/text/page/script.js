"use strict";
// Themes, a filter, sorting, a choice among tables, copies of them, and charts that tell their values. Nothing is stored.
(() => {
  const element = (id) => document.getElementById(id);

  const themes = [
    { name: "", word: "automatic" },
    { name: "light", word: "light" },
    { name: "dark", word: "dark" },
  ];
  const theme = element("theme");
  let chosen = 0;
  theme.addEventListener("click", () => {
    chosen = (chosen + 1) % themes.length;
    const { name, word } = themes[chosen];
    if (name) document.documentElement.dataset.theme = name;
    else delete document.documentElement.dataset.theme;
    theme.textContent = `Theme: ${word}`;
  });
  theme.hidden = false;

  // Parts of names, separated by spaces or commas: a row is shown if its key contains any of them.
  const field = element("wanted");
  if (field) {
    const shown = element("shown");
    const { noun } = element("filter").dataset;
    const rows = [...document.querySelectorAll("tr[data-key]")];
    const tables = new Set(rows.map((row) => row.closest("table")));
    const filter = () => {
      const parts = field.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
      for (const row of rows) {
        const name = row.dataset.key.toLowerCase();
        row.hidden = parts.length > 0 && !parts.some((part) => name.includes(part));
      }
      for (const table of tables) {
        table.classList.toggle("empty", [...table.tBodies[0].rows].every((row) => row.hidden));
      }
      const named = (some) => new Set(some.map((row) => row.dataset.key)).size;
      const left = named(rows.filter((row) => !row.hidden));
      shown.textContent = parts.length > 0 ? `${left} of ${named(rows)} ${noun} shown` : "";
    };
    field.addEventListener("input", filter);
    element("filter").hidden = false;
    filter();
  }

  // Numbers sort by value. Unreliable values and empty cells come last in both directions.
  // Its own status element: in that of the filter, a screen reader would repeat the count after each sort.
  const sorted = element("sorted");
  const words = new Intl.Collator("en", { numeric: true });
  const key = (row, column) => {
    const cell = row.cells[column];
    const number = cell.dataset.sort;
    if (number === undefined) return cell.textContent.trim() || null;
    return number === "" ? null : Number(number);
  };
  const compared = (one, other) => (typeof one === "number" ? one - other : words.compare(one, other));
  const ordered = (all, column, way) => {
    const keyed = all.map((row) => ({ row, key: key(row, column) }));
    const known = keyed.filter((one) => one.key !== null);
    const unknown = keyed.filter((one) => one.key === null);
    known.sort((one, other) => way * compared(one.key, other.key));
    return [...known, ...unknown].map((one) => one.row);
  };

  for (const table of document.querySelectorAll("table.figures")) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const title = head.textContent.trim();
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = title;
      button.addEventListener("click", () => {
        // Ascending, descending, then back to the original order.
        const next = { ascending: "descending", descending: "" };
        const before = head.getAttribute("aria-sort");
        const way = before === null ? "ascending" : next[before];
        for (const other of heads) other.removeAttribute("aria-sort");
        if (way) head.setAttribute("aria-sort", way);
        body.append(...(way ? ordered(original, column, way === "ascending" ? 1 : -1) : original));
        sorted.textContent = way ? `Sorted by ${title}, ${way}` : "In the original order";
      });
      head.classList.add("sorts");
      head.replaceChildren(button);
    });
  }

  // Of the tables of a choice one is shown.
  for (const choice of document.querySelectorAll(".choice")) {
    const select = choice.querySelector("select");
    const options = [...choice.querySelectorAll(".option")];
    const show = () => options.forEach((option, place) => { option.hidden = place !== Number(select.value); });
    select.addEventListener("change", show);
    select.parentElement.hidden = false;
    choice.classList.add("chosen");
    show();
  }

  // On a narrow screen a chart scrolls in its frame, which then needs keyboard focus, unless all of it is wanted.
  const scrolls = new ResizeObserver((frames) => {
    for (const { target } of frames) {
      const attributes = { role: "region", tabindex: "0", "aria-label": target.dataset.title };
      for (const [attribute, value] of Object.entries(attributes)) {
        if (target.scrollWidth > target.clientWidth) target.setAttribute(attribute, value);
        else target.removeAttribute(attribute);
      }
    }
  });
  for (const frame of document.querySelectorAll(".frame")) {
    const button = document.createElement("button");
    const name = document.createElement("span");
    name.className = "unseen";
    name.textContent = `: ${frame.dataset.title}`;
    button.type = "button";
    button.className = "control whole";
    button.append("Whole chart", name);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(frame.classList.toggle("fit")));
    });
    frame.before(button);
    scrolls.observe(frame);
  }

  // Each heading links to itself.
  for (const heading of document.querySelectorAll("main section > :is(h2, h3, h4)[id]")) {
    const link = document.createElement("a");
    link.className = "here";
    link.href = `#${heading.id}`;
    link.setAttribute("aria-label", `Link to ${heading.textContent.trim()}`);
    heading.append(link);
  }

  // What a mark of a chart tells is shown beside it, by pointer or keyboard.
  const told = element("told");
  const tell = (mark) => {
    const box = mark.getBoundingClientRect();
    told.textContent = mark.dataset.told;
    told.hidden = false;
    const left = Math.min(box.right + 8, document.documentElement.clientWidth - told.offsetWidth - 8);
    told.style.left = `${window.scrollX + Math.max(left, 8)}px`;
    told.style.top = `${window.scrollY + box.top - told.offsetHeight - 6}px`;
  };
  const hush = () => { told.hidden = true; };
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hush(); });
  for (const mark of document.querySelectorAll('.chart [data-mark="mean"] [data-told]')) {
    const means = { tabindex: "0", role: "img", "aria-label": mark.dataset.told };
    for (const [attribute, value] of Object.entries(means)) mark.setAttribute(attribute, value);
  }
  // A mark that the keyboard is at is told again when the pointer leaves the one that it was at.
  const rest = () => {
    const focused = document.querySelector("[data-told]:focus-visible");
    if (focused) tell(focused);
    else hush();
  };
  let pointed = null;
  const points = (mark) => {
    if (mark === pointed) return;
    pointed = mark;
    if (mark) tell(mark);
    else rest();
  };
  // A chart may be drawn later, so the frame that it stands in listens.
  for (const frame of document.querySelectorAll(".frame")) {
    // Not pointerover, which also comes where the page scrolls below a pointer that rests.
    for (const kind of ["pointermove", "pointerdown"]) {
      frame.addEventListener(kind, (event) => points(event.target.closest("[data-told]")));
    }
    frame.addEventListener("pointerleave", () => points(null));
    frame.addEventListener("focusin", rest);
    frame.addEventListener("focusout", hush);
  }

  // A click on a stack in a legend hides it in every chart, or shows it again.
  const legends = [...document.querySelectorAll('.chart [data-mark="key"]')];
  const toggle = (stack) => {
    const own = [...document.querySelectorAll(".chart [data-stack]")].filter((one) => one.dataset.stack === stack);
    const keys = own.filter((one) => one.dataset.mark === "key");
    const shown = keys[0].getAttribute("aria-pressed") !== "true";
    for (const one of keys) one.setAttribute("aria-pressed", String(shown));
    for (const one of own) {
      if (!["key", "name"].includes(one.dataset.mark)) one.classList.toggle("off", !shown);
    }
  };
  for (const legend of legends) {
    const attributes = {
      role: "button", tabindex: "0", "aria-pressed": "true", "aria-label": `Show ${legend.dataset.stack}`,
    };
    for (const [attribute, value] of Object.entries(attributes)) legend.setAttribute(attribute, value);
    legend.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle(legend.dataset.stack);
    });
  }
  for (const one of document.querySelectorAll('.chart [data-mark="key"], .chart [data-mark="name"]')) {
    one.addEventListener("click", () => toggle(one.dataset.stack));
  }

  // A copy of each table, without footnotes.
  const cells = (row) => [...row.cells].map((cell) => {
    const copy = cell.cloneNode(true);
    for (const one of copy.querySelectorAll(".mark, .unseen")) one.remove();
    return copy.textContent.trim().replace(/\s+/g, " ");
  });
  const csv = (row) => row.map((text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)).join(",");
  const markdown = (row) => `| ${row.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
  const forms = {
    Markdown: (rows) => [rows[0], rows[0].map(() => "---"), ...rows.slice(1)].map(markdown),
    CSV: (rows) => rows.map(csv),
  };
  for (const table of navigator.clipboard ? document.querySelectorAll("table") : []) {
    const bar = document.createElement("div");
    bar.className = "copy";
    for (const [form, written] of Object.entries(forms)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "control";
      button.textContent = `Copy as ${form}`;
      button.addEventListener("click", async () => {
        const rows = [...table.rows].filter((row) => !row.hidden).map(cells);
        try {
          await navigator.clipboard.writeText(`${written(rows).join("\n")}\n`);
          sorted.textContent = button.textContent = `Copied as ${form}`;
        } catch {
          sorted.textContent = button.textContent = "This browser does not allow it";
        }
      });
      bar.append(button);
    }
    table.closest(".scroll").after(bar);
  }
})();
