/* What is read beside the questions: folds, the evidence of the statement in focus, search, columns that scroll together.
 *
 * The page works without this: folds are check boxes, chats and evidence are links, columns scroll with their pane.
 * Nothing here knows about answers; a question that gets the focus is all that it hears of them.
 */
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const MANY = 1000; // matches that are counted and marked
  const NEAR = 90; // pixels of a turn that may stand above what is looked for in it
  const WIDE = matchMedia("(min-width: 62rem) and (min-height: 34rem)"); // rate_item.css: panes scroll by themselves
  const KEPT = ["together", "unfold-all"]; // ticks that the browser remembers

  function fill(words, n, m) {
    return words.replace("{n}", n).replace("{m}", m);
  }

  // Highlights are drawn over the text and change nothing in it; a browser that lacks them selects the match instead.

  function highlight(name, ranges) {
    if (globalThis.Highlight) CSS.highlights.set(name, new Highlight(...ranges));
  }

  // Bringing a place into view

  function scrolls(box) {
    return box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY);
  }

  /* Folds are opened only where they hide the place. */
  function unfold(place, node) {
    for (let fold = node.closest(".fold"); fold; fold = fold.parentElement.closest(".fold")) {
      const tick = $(":scope > .unfold input", fold.parentElement);
      if (tick && place.getBoundingClientRect().bottom > fold.getBoundingClientRect().bottom - 40) tick.checked = true;
      fold.scrollTop = 0;
    }
  }

  /* ``place``: an element or a range in ``node``, put below what sticks to the top, unless it is in view already; with
   * its turn's beginning where that is near. */
  function bring(place, node = place) {
    const pane = node.closest(".reading");
    const turn = node.closest(".turn");
    unfold(place, node);
    node.scrollIntoView({ block: "nearest" }); // lays out what was left out while it was out of sight
    settle();
    requestAnimationFrame(settle);

    function settle() {
      const box = place.getBoundingClientRect();
      const above = turn ? box.top - turn.getBoundingClientRect().top : 0;
      const start = above < NEAR ? box.top - above : box.top;
      const own = scrolls(pane);
      const head = $(".finder", pane)?.getBoundingClientRect().height || 0;
      const top = (own ? pane.getBoundingClientRect().top : 0) + head + 12;
      const bottom = own ? pane.getBoundingClientRect().bottom : innerHeight - ($(".actions")?.offsetHeight || 0);
      if (start >= top && box.top + NEAR <= bottom) return;
      (own ? pane : window).scrollBy({ top: start - top, behavior: "instant" });
    }
  }

  // The evidence of a statement: its turns are marked, and the words in them

  let asked = null;
  let places = [];
  let at = 0;

  function attend(question) {
    if (question === asked || !$(".finder")) return;
    asked = question;
    markEvidence();
    if (places.length && scrolls($(".reading"))) goTo(0);
  }

  function markEvidence() {
    for (const turn of $$(".turn.marked")) turn.classList.remove("marked", "here");
    for (const words of $$(".quoted")) words.classList.remove("quoted", "here");
    places = asked?.isConnected ? placesOf(asked) : [];
    for (const { turn, words } of places) {
      turn.classList.add("marked");
      for (const each of words) each.classList.add("quoted");
    }
    highlight("evidence", places.map(({ range }) => range).filter(Boolean));
    at = 0;
    $("#stepper").hidden = !places.length;
    if (places.length) $("#step-back").href = `#${asked.id}`;
    tellStep();
  }

  function placesOf(question) {
    const number = question.id.slice(1);
    const had = new Map(); // by turn, how many of its quotes have been taken
    return $$(".evidence a", question).flatMap((link) => {
      const turn = document.getElementById(link.hash.slice(1));
      if (!turn) return [];
      const quotes = quotesIn(turn, number);
      const nth = had.get(turn) || 0;
      had.set(turn, nth + 1);
      const words = quotes[Math.min(nth, quotes.length - 1)] || [];
      return [{ link, turn, words, range: rendered(turn, words) }];
    });
  }

  /* A quote that another one overlaps is in several pieces, side by side. */
  function quotesIn(turn, number) {
    const quotes = [];
    for (const piece of $$(`[data-of~="${number}"]`, turn)) {
      const last = quotes.at(-1);
      if (last && last.at(-1) === piece.previousSibling) last.push(piece);
      else quotes.push([piece]);
    }
    return quotes;
  }

  /* Where the quote is in the turn as it is rendered from Markdown, as far as its words stand there in a row. */
  function rendered(turn, words) {
    const prose = $(".passage", turn);
    if (!prose || !words.length || prose.checkVisibility?.() === false) return null;
    const plain = words.map((piece) => piece.textContent).join("").replace(/[*_`~#>|]+/g, " ").trim();
    return plain ? matches(gather(prose), pattern(plain), 1)[0] || null : null;
  }

  function goTo(step) {
    at = (step + places.length) % places.length;
    for (const old of $$(".here")) old.classList.remove("here");
    const { turn, words, range } = places[at];
    turn.classList.add("here");
    for (const each of words) each.classList.add("here");
    const visible = words.find((piece) => piece.checkVisibility?.() !== false && piece.getClientRects().length);
    if (range) bring(range, range.startContainer.parentElement);
    else bring(visible || turn);
    tellStep();
  }

  function tellStep() {
    $("#step").textContent = places.length ? fill($(".finder").dataset.place, at + 1, places.length) : "";
    $("#step-next").hidden = places.length < 2;
  }

  function next() {
    if (places.length) goTo(places.length > 1 ? at + 1 : 0);
  }

  // Search. What is looked through is what is shown: texts as written, or as rendered

  let index = null;
  let found = [];
  let current = -1;

  function gather(box) {
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    const nodes = [];
    let text = "";
    while (walker.nextNode()) {
      nodes.push([text.length, walker.currentNode]);
      text += walker.currentNode.data;
    }
    return { text, nodes };
  }

  function pattern(words) {
    const escaped = words.split(/\s+/).map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
    return new RegExp(escaped.join("\\s+"), "giu");
  }

  function matches({ text, nodes }, wanted, most) {
    const ranges = [];
    wanted.lastIndex = 0;
    for (let match; ranges.length < most && (match = wanted.exec(text)); ) {
      const range = document.createRange();
      range.setStart(...point(nodes, match.index, false));
      range.setEnd(...point(nodes, match.index + match[0].length, true));
      ranges.push(range);
    }
    return ranges;
  }

  function point(nodes, offset, end) {
    let low = 0;
    for (let high = nodes.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (end ? nodes[middle][0] < offset : nodes[middle][0] <= offset) low = middle;
      else high = middle;
    }
    return [nodes[low][1], offset - nodes[low][0]];
  }

  function shownTexts() {
    const raw = $("#as-written").checked;
    return $$(".turn").map((turn) => gather((!raw && $(".passage", turn)) || $(".as-written", turn)));
  }

  function search() {
    const words = $("#find").value.trim();
    found = [];
    if (words) {
      index ||= shownTexts();
      const wanted = pattern(words);
      for (const turn of index) if (found.length <= MANY) found.push(...matches(turn, wanted, MANY + 1 - found.length));
    }
    current = -1;
    highlight("found", found.slice(0, MANY));
    for (const button of $$("[data-find]")) button.hidden = found.length < 2;
    if (found.length) look(1);
    else tellFound(words ? $(".finder").dataset.none : "");
  }

  function look(by) {
    const n = Math.min(found.length, MANY);
    if (!n) return;
    current = (current + by + n) % n;
    const range = found[current];
    highlight("found-here", [range]);
    if (!globalThis.Highlight) getSelection().setBaseAndExtent(range.startContainer, range.startOffset, range.endContainer, range.endOffset);
    bring(range, range.startContainer.parentElement);
    const { of, many } = $(".finder").dataset;
    tellFound(fill(found.length > MANY ? many : of, current + 1, n));
  }

  function tellFound(words) {
    $("#found").textContent = words;
    if (!found.length) highlight("found-here", []);
  }

  function inSearch(event) {
    if (event.key === "Enter") {
      event.preventDefault(); // it would submit the form
      event.stopPropagation();
      look(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      event.target.value = "";
      search();
    }
  }

  // Columns. Each scrolls by itself; together means by the same share of their lengths

  let leader = null;

  function fitColumns() {
    document.body.classList.toggle("columns", WIDE.matches);
    for (const side of $$(".sides > article")) {
      if (WIDE.matches) side.tabIndex = 0;
      else side.removeAttribute("tabindex");
    }
    if ($("#together-tick")) $("#together-tick").hidden = !WIDE.matches;
  }

  function follow(side) {
    if (side !== leader || !$("#together")?.checked) return;
    const share = side.scrollTop / Math.max(1, side.scrollHeight - side.clientHeight);
    for (const other of $$(".sides > article")) {
      if (other !== side) other.scrollTop = share * (other.scrollHeight - other.clientHeight);
    }
  }

  // Listening

  const keys = {
    "/": () => $("#find")?.select() ?? $("#find")?.focus(),
    e: next,
  };

  function onKey(event) {
    const target = event.target;
    if (target.id === "find") return inSearch(event);
    if (event.ctrlKey || event.metaKey || event.altKey || !$(".finder")) return;
    if (target.matches("textarea, input:not([type=radio], [type=checkbox])") || !($("#single-keys")?.checked ?? true)) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  function onClick(event) {
    const link = event.target.closest(".chats a, .evidence a, #step-back");
    const target = link && document.getElementById(link.hash.slice(1));
    if (event.target.closest("#step-next")) next();
    else if (event.target.closest("[data-find]")) look(Number(event.target.closest("[data-find]").dataset.find));
    if (!target) return;
    event.preventDefault(); // the address stays the item's
    if (link.matches(".chats a")) link.closest("details").open = false;
    if (link.matches(".evidence a")) goToPlace(link);
    else if (target.closest(".reading")) bring(target);
    else target.scrollIntoView({ block: "nearest" });
    target.focus({ preventScroll: true });
  }

  function goToPlace(link) {
    attend(link.closest(".question"));
    goTo(Math.max(0, places.findIndex((place) => place.link === link)));
  }

  function onChange({ target }) {
    if (KEPT.includes(target.id)) localStorage.setItem(target.id, target.checked);
    if (target.id === "as-written" && $(".finder")) {
      index = null;
      if ($("#find").value) search();
      if (asked) markEvidence();
    }
    if (target.id === "together" && target.checked) follow((leader ||= $(".sides > article")));
  }

  function begin() {
    asked = index = leader = null;
    found = [];
    for (const name of ["evidence", "found", "found-here"]) highlight(name, []);
    for (const id of KEPT) if (document.getElementById(id)) document.getElementById(id).checked = localStorage.getItem(id) === "true";
    if ($("#search")) $("#search").hidden = false;
    fitColumns();
  }

  document.addEventListener("keydown", onKey, true);
  document.addEventListener("click", onClick);
  document.addEventListener("change", onChange);
  document.addEventListener("input", ({ target }) => { if (target.id === "find") search(); });
  for (const sign of ["focusin", "question:focus"]) {
    document.addEventListener(sign, ({ target }) => { const question = target.closest?.(".question"); if (question) attend(question); });
  }
  document.addEventListener("scroll", ({ target }) => {
    if (target.matches?.(".sides > article")) follow(target);
    // The browser's own search, and Tab, scroll within what is folded: it opens.
    if (target.matches?.(".fold") && target.scrollTop > 0) {
      const tick = $(":scope > .unfold input", target.parentElement);
      if (tick) tick.checked = true;
      if (target.contains(document.activeElement)) bring(document.activeElement);
    }
  }, { capture: true, passive: true });
  for (const sign of ["wheel", "touchstart", "pointerdown", "keydown", "focusin"]) {
    document.addEventListener(sign, ({ target }) => { leader = target.closest?.(".sides > article") || leader; }, { capture: true, passive: true });
  }
  WIDE.addEventListener("change", fitColumns);
  document.addEventListener("DOMContentLoaded", () => {
    let item = $("#item");
    begin();
    new MutationObserver(() => {
      if ($("#item") === item) return;
      item = $("#item");
      begin();
    }).observe(document.body, { childList: true });
  });
})();
