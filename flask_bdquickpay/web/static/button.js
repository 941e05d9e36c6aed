// Shows that the click was heard, and swallows a second one and one on a button that is marked as
// disabled. The button works without it.
// A module: it runs once, however many buttons a page has.

const BUSY_FOR = 15_000; // a page that still stands after this may be tried again

const buttonOf = (form) => form.querySelector(".bdqp-button");
const quiet = (form) => buttonOf(form)?.removeAttribute("aria-busy");

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = form.matches(".bdqp-form") && buttonOf(form);
  if (!button || event.defaultPrevented) return;
  const is = (state) => button.getAttribute(state) === "true";
  if (is("aria-busy") || is("aria-disabled")) return event.preventDefault();
  button.setAttribute("aria-busy", "true");
  setTimeout(quiet, BUSY_FOR, form);
});

// Coming back from bKash with the browser's back button finds the page as it was left.
window.addEventListener("pageshow", () => {
  document.querySelectorAll(".bdqp-form").forEach(quiet);
});
