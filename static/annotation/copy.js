/* Buttons that copy a text: [data-copy] holds it, [data-copied] what the button then says. Without script, or where the
 * browser gives no clipboard, they stay hidden; the text stands beside them. */
(() => {
  "use strict";

  const offer = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
      button.setAttribute("aria-live", "polite");
    } catch {
      button.hidden = true;
    }
  });

  offer(document);
  document.addEventListener("htmx:afterSettle", (event) => offer(event.target));
})();
