/* Buttons that copy a text: [data-copy] holds it, [data-copied] what the button then says. Without script, or where the
 * browser gives no clipboard, they stay hidden; the text stands beside them. */
(() => {
  "use strict";

  const offer = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  };

  const told = document.createElement("p");
  told.className = "visually-hidden";
  told.setAttribute("role", "status");
  document.body.append(told);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.dataset.copyLabel ??= button.textContent;
      button.textContent = told.textContent = button.dataset.copied;
    } catch {
      button.hidden = true;
    }
  });

  document.addEventListener("focusout", ({ target }) => {
    if (target.dataset?.copyLabel) target.textContent = target.dataset.copyLabel;
    told.textContent = "";
  });

  offer();
  document.addEventListener("htmx:afterSettle", offer);
})();
