/* The question in focus: the only raised thing. Whoever shows where it comes from listens to "question:focus". */
"use strict";

Rating.focus = (() => {
  const { page } = Rating;
  let current = null;
  let pointed = false; // at what has the focus, which must then not move away

  function turnTo(question) {
    if (!question) return;
    if (current && current !== question) current.classList.add("settled");
    question.focus({ preventScroll: true });
    question.scrollIntoView({ block: "nearest" });
  }

  function mark(question) {
    current = question;
    question.classList.remove("settled");
    question.dispatchEvent(new CustomEvent("question:focus", { bubbles: true }));
  }

  function here() {
    const focused = document.activeElement.closest?.(".question");
    if (focused) return focused;
    return current?.isConnected ? current : page.missing()[0] || page.questions()[0];
  }

  function step(by) {
    const all = page.questions();
    turnTo(all[Math.min(all.length - 1, Math.max(0, all.indexOf(here()) + by))]);
  }

  /* To the next question without an answer, else to the button. */
  function goOn(from) {
    const all = page.questions();
    const later = all.slice(all.indexOf(from) + 1).find((question) => !page.answered(question));
    const next = later || page.missing()[0];
    if (next) return turnTo(next);
    from.classList.add("settled");
    document.getElementById("submit").focus();
  }

  document.addEventListener("focusin", (event) => {
    const question = event.target.closest(".question");
    if (question && question !== current) mark(question);
  });
  document.addEventListener("click", (event) => {
    const question = event.target.closest(".question");
    if (question && !event.target.closest("a, button, label, input, summary")) question.focus({ preventScroll: true });
  });
  /* A browser brings the first line of a text field into view, which may lie under what sticks to the page's edges. */
  document.addEventListener("focusin", ({ target }) => {
    if (!pointed && target.matches("textarea, input")) target.scrollIntoView({ block: "nearest" });
  });
  document.addEventListener("pointerdown", () => { pointed = true; }, true);
  document.addEventListener("keydown", () => { pointed = false; }, true);
  Rating.hear("item:shown", () => { current = null; });

  return { turnTo, here, step, goOn };
})();
