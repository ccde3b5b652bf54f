/* The rating page, put together: what a choice sets going, panels, and the first item. The parts stand in rating/.
 *
 * The page works without any of this: real radio buttons in a real form. What is shown comes from the server; scripts
 * only move focus, keep what is entered until the server has it, and fetch the next item before it is needed.
 */
"use strict";

(() => {
  const { $, $$, page, drafts, undo, submit } = Rating;

  function chosen(event) {
    const question = event.target.closest(".question");
    if (!question || event.target.type !== "radio") return;
    if (event.target.value === "accepted") for (const reason of $$("[name^=reason-]:checked", question)) reason.checked = false;
    undo.remember(question);
    page.showMissing();
    drafts.answer(question);
  }

  function closePanels(event) {
    const close = event.target.closest("[data-close]");
    for (const panel of $$(".panel[open]")) if (close || !panel.contains(event.target)) panel.open = false;
  }

  document.addEventListener("change", chosen);
  document.addEventListener("click", closePanels);
  document.addEventListener("DOMContentLoaded", () => {
    if (!$("#answers")) return;
    drafts.restore();
    submit.resume();
    page.begin();
  });
})();
