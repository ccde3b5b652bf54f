/* Says so where the window is too narrow for the campaign's pages, before anybody agrees to anything.
 *
 * The outer width counts too: who has enlarged the page sees fewer pixels in it and has the screen all the same. Nothing
 * is sent to the server.
 */
(() => {
  "use strict";

  const note = document.getElementById("narrow");
  if (!note) return;
  const needed = Number(note.dataset.minWidth);
  const hides = document.querySelector(note.dataset.hides);
  let insists = false;

  const look = () => {
    const width = Math.max(window.innerWidth, window.outerWidth);
    const narrow = width < needed && !insists;
    note.querySelector("[data-width]").textContent = String(width);
    note.hidden = !narrow;
    if (hides) hides.hidden = narrow;
  };

  note.querySelector("[data-go-on]").addEventListener("click", () => {
    insists = true;
    look();
    if (hides) hides.scrollIntoView({ block: "start" });
  });
  window.addEventListener("resize", look);
  look();
})();
