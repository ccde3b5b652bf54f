/* Keys. Another script may add its own: Rating.keys.c = () => ... Single keys can be switched off, and stay off. */
"use strict";

Rating.keys = (() => {
  const { $, $$, focus, submit, undo, page } = Rating;

  function choose(label) {
    const input = $("input", label);
    if (!input.checked) {
      input.checked = true;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
    const question = label.closest(".question");
    const asksWhy = $(".reason", question) && input.name.startsWith("answer-") && input.value !== "accepted";
    if (asksWhy) focus.turnTo(question);
    else focus.goOn(question);
  }

  function chosenBy(key) {
    const question = focus.here();
    return question && $$(".choice", question).find((label) => label.dataset.key === key && label.checkVisibility());
  }

  function toggle(id) {
    const panel = document.getElementById(id);
    panel.open = !panel.open;
    if (panel.open) $("summary", panel).focus();
  }

  /* The choice of reasons, with the first of them in focus; of an item that is submitted, the link back to work. */
  function skip() {
    const panel = $("#skip-panel");
    if (!panel) return $("#skip").focus();
    panel.open = true;
    $("button", panel).focus();
  }

  function flag() {
    $("#flag").click();
    $($("#flag").checked ? "#flag-text" : "#flag").focus();
  }

  const keys = {
    j: () => focus.step(1),
    k: () => focus.step(-1),
    z: () => undo.back(),
    p: () => $("#previous")?.click(),
    s: skip,
    m: () => $("#note").focus(),
    f: flag,
    g: () => toggle("guideline"),
    "?": () => toggle("keys"),
  };

  function onKey(event) {
    const target = event.target;
    if (event.defaultPrevented || !page.form() || $("dialog[open]")) return;
    if (event.key === "Escape") return leave(target);
    if (event.key === "Enter" && event.repeat) return event.preventDefault();
    if (target.matches("textarea, input:not([type=radio], [type=checkbox])")) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) hand(event);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") return target.matches("a, button, summary") ? undefined : hand(event);
    if (!$("#single-keys").checked) return;
    const label = chosenBy(event.key.toLowerCase());
    const act = label ? () => choose(label) : keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  function hand(event) {
    event.preventDefault();
    submit.byKey();
  }

  function leave(target) {
    const inPanel = target.closest(".panel[open]");
    for (const panel of $$(".panel[open]")) panel.open = false;
    if (inPanel) $("summary", inPanel).focus();
    else if (target.matches("textarea, input")) focus.turnTo(focus.here());
  }

  document.addEventListener("keydown", onKey);
  document.addEventListener("change", (event) => {
    if (event.target.id === "single-keys") localStorage.setItem("single-keys", event.target.checked);
  });
  document.addEventListener("DOMContentLoaded", () => {
    $("#single-keys").checked = localStorage.getItem("single-keys") !== "false";
  });

  return keys;
})();
