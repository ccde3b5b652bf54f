/* How far the rater is: saved is what the server has stored, the number of this item counts what is on its way too. */
"use strict";

Rating.progress = (() => {
  const { $, page, outbox, clock, words } = Rating;
  let saved = 0;

  const onTheWay = () => outbox.unsent().filter((entry) => entry.kind === "submit" && entry.token !== page.token()).length;

  function values() {
    return { number: saved + onTheWay() + 1, total: Number($("#item").dataset.total), saved };
  }

  function draw() {
    if (!page.isWork()) return;
    const now = values();
    $(".where .progress").textContent = words("progress", now);
    $(".where progress").value = saved;
    document.title = [words("title", now), ...document.title.split(" · ").slice(1)].join(" · ");
    $("#time-left").textContent = clock.timeLeft(now.total - now.number + 1);
  }

  function stored(entry, next) {
    if (entry.kind === "submit") saved = Number(next?.item.dataset.saved) || saved + 1;
    draw();
  }

  Rating.hear("item:shown", () => {
    saved = Math.max(saved, Number($("#item").dataset.saved) || 0);
    draw();
  });

  return { values, stored };
})();
