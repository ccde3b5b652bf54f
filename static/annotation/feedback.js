/* Enter goes on, wherever nothing else would take it. */
"use strict";

document.getElementById("heading").focus({ preventScroll: true });
document.addEventListener("keydown", (event) => {
  const free = !event.target.closest("a, button, summary, input, select, textarea");
  if (event.key === "Enter" && free && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat) {
    document.getElementById("further").click();
  }
});
