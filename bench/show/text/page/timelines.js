"use strict";
// Draws the time line that a reader chooses in place of the picture of one.
(() => {
  const data = document.getElementById("timelines");
  if (!data) return;
  const { names, tracks, lines, drawn, unreliable } = JSON.parse(data.textContent);
  const figure = data.closest("figure");
  const frame = figure.querySelector(".frame");
  const said = figure.querySelector("[role=status]");

  const BOTTOM = 34;
  const GAP = 34;
  const LEFT = 56;
  const RIGHT = 10;
  const TALL = 105;
  const WIDEST = 710;
  const INK = "#222222";
  const QUIET = "#666666";

  // How bench/units.py writes figures; those in seconds come here as milliseconds, those in bytes as megabytes.
  const SCALES = {
    s: (value) => (value >= 1000 ? [1e-3, " s", "s"] : value >= 1 || value === 0 ? [1, " ms", "ms"] : [1e3, " us", "us"]),
    bytes: () => [1, " MB", "MB"],
    "requests/s": () => [1, "/s", "requests/s"],
    cores: () => [1, "", "cores"],
  };
  const significant = (value) => {
    const rounded = Number(value.toPrecision(3));
    return rounded === 0 ? "0" : rounded.toFixed(Math.max(2 - Math.floor(Math.log10(Math.abs(rounded))), 0));
  };
  const written = (value, unit) => {
    const [factor, suffix] = SCALES[unit](value);
    return significant(value * factor) + suffix;
  };

  // How timelines.py writes values: two digits each.
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const STEPS = 4094;
  const decoded = (least, most, text) => Array.from({ length: text.length / 2 }, (_, at) => {
    const share = (DIGITS.indexOf(text[2 * at]) * 64 + DIGITS.indexOf(text[2 * at + 1])) / STEPS;
    if (share > 1) return null;
    return least > 0 ? least * (most / least) ** share : most * share;
  });

  const KEYS = ["stack", "scenario", "load", "round"];
  const all = lines.map(([stack, scenario, load, round, colour, binS, startS, endS, own]) => ({
    stack: names[stack], scenario: names[scenario], load: names[load], round: String(round), colour: names[colour],
    binS, startS, endS,
    tracks: own.map(([number, why, least, most, coded]) => {
      const [name, title, unit] = tracks[number];
      return { name, title, unit, why, log: least > 0, values: decoded(least, most, coded) };
    }),
  }));

  // What can be chosen depends on what was chosen before it: not every stack has every load.
  const selects = KEYS.map((key) => figure.querySelector(`select[name=${key}]`));
  const chosen = () => all.filter((line) => KEYS.every((key, at) => line[key] === selects[at].value))[0];
  const offer = (wanted) => {
    let left = all;
    KEYS.forEach((key, at) => {
      const values = [...new Set(left.map((line) => line[key]))];
      selects[at].replaceChildren(...values.map((value) => new Option(value, value)));
      selects[at].value = values.includes(wanted[key]) ? wanted[key] : values.at(-1);
      left = left.filter((line) => line[key] === selects[at].value);
    });
  };

  const element = (parent, name, attributes, text) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [attribute, value] of Object.entries(attributes)) one.setAttribute(attribute, value);
    if (text !== undefined) one.textContent = text;
    parent.append(one);
    return one;
  };

  // Round steps of 1, 2 or 5, and about so many of them.
  const steps = (end, most) => {
    const least = end / most;
    const power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least * 0.999);
    return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, at) => at * step);
  };
  const decades = (low, high) => {
    const exponents = Array.from({ length: 25 }, (_, at) => at - 12);
    const all = exponents.flatMap((one) => [1, 2, 5].map((step) => Number(`${step}e${one}`)));
    const within = all.filter((one) => one >= low && one <= high);
    return within.length > 5 ? within.filter((one) => String(one).replace(/[0.]/g, "")[0] === "1") : within;
  };
  const tick = (value) => String(Number(value.toPrecision(6)));

  const panel = (svg, track, line, top, wide, isLast) => {
    const end = Math.max(line.endS, track.values.length * line.binS);
    const across = (second) => LEFT + (second / end) * (wide - LEFT - RIGHT);
    const known = track.values.filter((value) => value !== null);
    const most = Math.max(...known);
    const least = Math.min(...known);
    const { log } = track;
    const [factor, , unit] = SCALES[track.unit](known.length ? most : 0);
    const [low, high] = log ? [least * factor / 1.5, most * factor * 1.5] : [0, (most > 0 ? most * factor : 1) * 1.12];
    const share = (value) => (log ? Math.log(value / low) / Math.log(high / low) : value / high);
    const up = (value) => top + TALL * (1 - share(value));

    const own = element(svg, "g", {});
    const write = (x, y, text, attributes) => element(own, "text", { x, y, fill: INK, ...attributes }, text);
    element(own, "rect", {
      x: LEFT, y: top, width: across(line.startS) - LEFT, height: TALL, fill: "#efefef", "data-mark": "warm-up",
    });
    write(LEFT, top - 9, `${track.title}, ${unit}${log ? " (log scale)" : ""}`, { "font-weight": 600 });
    for (const value of known.length ? (log ? decades(low, high) : steps(high, 4)) : []) {
      element(own, "line", { x1: LEFT, x2: wide - RIGHT, y1: up(value), y2: up(value), stroke: "#e4e4e4" });
      write(LEFT - 6, up(value) + 4, tick(value), { "text-anchor": "end" });
    }
    element(own, "path", {
      d: `M${LEFT},${top}V${top + TALL}H${wide - RIGHT}`, fill: "none", stroke: "#999999",
    });
    for (const second of [line.startS, line.endS]) {
      element(own, "line", {
        x1: across(second), x2: across(second), y1: top, y2: top + TALL, stroke: QUIET, "stroke-dasharray": "4 2.5",
        "data-mark": "window",
      });
    }
    for (const second of isLast ? steps(end, (wide - LEFT) / 60) : []) {
      write(across(second), top + TALL + 16, tick(second), { "text-anchor": "middle" });
    }
    if (isLast) {
      write((LEFT + wide - RIGHT) / 2, top + TALL + 32, "seconds since the load began", { "text-anchor": "middle" });
    }
    if (!known.length) {
      write((LEFT + wide) / 2, top + TALL / 2, "no reliable value", { "text-anchor": "middle", fill: QUIET });
      return;
    }
    const middle = (at) => across((at + 0.5) * line.binS);
    const joined = track.values.map((value, at) => {
      if (value === null) return "";
      const begins = at === 0 || track.values[at - 1] === null;
      return `${begins ? "M" : "L"}${middle(at)},${up(value * factor)}`;
    });
    element(own, "path", {
      d: joined.join(""), fill: "none", stroke: line.colour, "stroke-width": 1.6,
      "data-mark": track.why === 0 ? "line" : "void", ...(track.why === 0 ? {} : { "stroke-dasharray": "5 3" }),
    });
    let isFirst = true;
    track.values.forEach((value, at) => {
      if (value === null) return;
      const [from, to] = [at * line.binS, (at + 1) * line.binS];
      const text = `${tick(from)}\u2013${tick(to)} s: ${track.name} ${written(value, track.unit)}`
        + (track.why === 0 ? "" : ` (${unreliable})`);
      // The whole column can be pointed at. One point of a panel is in the order of Tab; arrows go to the others.
      const mark = element(own, "g", {
        "data-told": text, "aria-label": text, role: "img", tabindex: isFirst ? 0 : -1, "data-at": at,
      });
      isFirst = false;
      const [x, y] = [middle(at), up(value * factor)];
      element(mark, "rect", {
        x: across(from), y: top, width: across(to) - across(from), height: TALL, "fill-opacity": 0,
      });
      if (track.why === 0) {
        element(mark, "circle", { cx: x, cy: y, r: 2.6, fill: line.colour, stroke: "#ffffff", "stroke-width": 0.6 });
      } else {
        element(mark, "path", { d: `M${x - 3},${y - 3}l6,6m0,-6l-6,6`, stroke: INK, fill: "none" });
      }
    });
  };

  // The least and the most of the whole bins within the window, as in the picture's caption.
  const finding = (line) => {
    const parts = line.tracks.filter((track) => track.why === 0).flatMap((track) => {
      const inside = track.values.filter((value, at) => {
        const isInside = at * line.binS >= line.startS && (at + 1) * line.binS <= line.endS;
        return isInside && value !== null;
      });
      const range = [Math.min(...inside), Math.max(...inside)].map((value) => written(value, track.unit));
      return inside.length ? [`${track.name} between ${range[0]} and ${range[1]}`] : [];
    });
    const listed = (words) => words.join(", ").replace(/, ([^,]*)$/, " and $1");
    const every = line.binS === 1 ? "second" : `${tick(line.binS)} seconds`;
    const found = parts.length
      ? `per ${every} of the window, ${listed(parts)}` : `no whole ${every} of the window is reliable`;
    const crossed = line.tracks.filter((track) => track.why !== 0);
    const why = crossed.map((track) => ` Crossed out, because ${unreliable}: ${track.name}: ${track.why}.`);
    const how = ` Shaded: warm-up, not counted. Between the dashed lines: the window, from ${tick(line.startS)} s to`
      + ` ${tick(line.endS)} s.`;
    return `${line.stack} on ${line.scenario}, ${line.load}, round ${line.round}: ${found}.${why.join("")}${how}`;
  };

  let shown = null;
  const draw = () => {
    const wide = Math.min(frame.clientWidth - 16, WIDEST);
    const tall = shown.tracks.length * (TALL + GAP) + BOTTOM;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const words = finding(shown);
    const attributes = {
      class: "chart drawn", viewBox: `0 0 ${wide} ${tall}`, width: wide, role: "group", "aria-label": words,
    };
    for (const [attribute, value] of Object.entries(attributes)) svg.setAttribute(attribute, value);
    shown.tracks.forEach((track, at) => {
      panel(svg, track, shown, at * (TALL + GAP) + GAP - 8, wide, at === shown.tracks.length - 1);
    });
    said.textContent = words;
    frame.replaceChildren(svg);
  };

  for (const select of selects) {
    select.addEventListener("change", () => {
      offer(Object.fromEntries(KEYS.map((key, at) => [key, selects[at].value])));
      shown = chosen();
      draw();
    });
  }
  frame.addEventListener("keydown", (event) => {
    const mark = event.target.closest("[data-at]");
    const turn = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!mark || !turn) return;
    const panels = [...frame.querySelectorAll("svg > g")].map((one) => [...one.querySelectorAll("[data-at]")]);
    const own = panels.findIndex((marks) => marks.includes(mark));
    const next = turn[0]
      ? panels[own][panels[own].indexOf(mark) + turn[0]]
      : panels[own + turn[1]]?.find((one) => one.dataset.at === mark.dataset.at);
    event.preventDefault();
    if (!next) return;
    for (const one of panels.flat()) if (one.parentNode === next.parentNode) one.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });
  // Its letters keep their size on every screen, so it is drawn anew where the width changes.
  let before = frame.clientWidth;
  new ResizeObserver(() => {
    if (shown && frame.clientWidth !== before) draw();
    before = frame.clientWidth;
  }).observe(frame);

  if (all.length > 1) {
    offer(all[drawn]);
    figure.querySelector(".which").hidden = false;
  }
})();
