// What only a script can do on an order's page: copy the transaction id, and notice what has changed.

const SHORTEST_PAUSE = 4_000;
const LONGEST_PAUSE = 30_000;

// Copying. The button is hidden where there is no script.

async function copy(button) {
  const label = button.textContent;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = label; }, 3_000);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard; // which only HTTPS and this machine have
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", () => copy(button));
}

// Waiting. A tab that nobody sees asks when it is seen again.

const order = document.querySelector("[data-status-url]");
let pause = SHORTEST_PAUSE;
let timer;

async function hasChanged() {
  try {
    const answer = await fetch(order.dataset.statusUrl, { cache: "no-store" });
    return answer.ok && (await answer.json()).status !== order.dataset.status;
  } catch {
    return false; // offline: ask again
  }
}

async function look() {
  clearTimeout(timer);
  if (document.hidden) return;
  if (await hasChanged()) return location.reload();
  clearTimeout(timer);
  timer = setTimeout(look, pause);
  pause = Math.min(pause * 1.3, LONGEST_PAUSE);
}

if (order) {
  timer = setTimeout(look, pause);
  document.addEventListener("visibilitychange", look);
}
