/* What the scripts of the rating pages share: the page's words in its language, who is logged in, and saying things.
 *
 * The server writes both into a block of JSON (annotation/templatetags/rating.py). No script has words of its own.
 */
"use strict";

window.Rating = (() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const { login, words: given } = JSON.parse($("#rating-words").textContent);

  function words(name, values = {}) {
    return given[name].replace(/%\((\w+)\)s/g, (_, key) => values[key]);
  }

  /* One or several, each in words of its own. */
  function counted(name, n, values = {}) {
    return words(n === 1 ? `${name}_one` : `${name}_many`, { n, ...values });
  }

  /* Aloud in the live region, which outlives the item, and beside the actions, where there is less room. */
  function say(text, aloud = text) {
    if ($("#status")) $("#status").textContent = aloud;
    if ($("#said")) $("#said").textContent = text;
  }

  const tell = (name, detail = {}) => document.dispatchEvent(new CustomEvent(name, { detail }));
  const hear = (name, act) => document.addEventListener(name, (event) => act(event.detail));

  let pass = JSON.parse(document.body.getAttribute("hx-headers") || "{}");

  /* The token that the server gave this page. Logging in anew gives another: it stands on every page. */
  const csrf = () => pass;

  async function renewPass() {
    const reply = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const block = page.getElementById("rating-words");
    if (!block || JSON.parse(block.textContent).login !== login) return false;
    pass = JSON.parse(page.body.getAttribute("hx-headers"));
    return true;
  }

  return { $, $$, words, counted, say, tell, hear, csrf, renewPass, login };
})();
