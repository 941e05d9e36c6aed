// Copies what is shown, and keeps the live page up to date. Without JavaScript the page refreshes
// by itself.
"use strict";

(() => {
  const EVERY = 1500;

  const revealCopy = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll("button.copy")) button.hidden = false;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2000);
  });
  revealCopy();

  const live = document.querySelector("[data-version]");
  if (!live) return;

  const openOnes = (part) => new Set([...part.querySelectorAll("details[open]")].map((d) => d.id));

  // Puts the new part in the old one's place; what was open stays open, and the focus where it was.
  const replace = (old, part) => {
    const open = openOnes(old);
    for (const details of part.querySelectorAll("details")) details.open = open.has(details.id);
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    old.replaceWith(part);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  const show = (fresh) => {
    const before = new Map([...live.querySelectorAll("[data-live]")].map((p) => [p.id, p]));
    const parts = [...fresh.querySelectorAll("[data-live]")];
    const stories = live.querySelector(".stories");
    let last = null;
    for (const part of parts) {
      const html = part.outerHTML;
      const old = before.get(part.id);
      before.delete(part.id);
      let now = old;
      if (!old) {
        now = part;
        if (last) last.after(part);
        else stories.prepend(part);
      } else if (shown.get(part.id) !== html) {
        replace(old, part);
        now = part;
      } else if (last && part.classList.contains("story") && last.nextElementSibling !== old) {
        if (!old.contains(document.activeElement)) last.after(old);
      }
      shown.set(part.id, html);
      if (stories.contains(now)) last = now;
    }
    for (const [id, gone] of before) {
      if (!gone.contains(document.activeElement)) gone.remove();
      shown.delete(id);
    }
    revealCopy();
  };

  const said = document.getElementById("said");
  const tell = () => {
    const steps = live.querySelector(".story .steps");
    const step = steps?.lastElementChild?.querySelector(".step");
    if (!step) return;
    said.hidden = false;
    said.textContent = `Newest: ${[...step.children].map((part) => part.textContent).join(" ")}`;
  };

  const shown = new Map();
  for (const part of live.querySelectorAll("[data-live]")) shown.set(part.id, part.outerHTML);
  let version = live.dataset.version;

  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(live.dataset.versionUrl);
      const now = String((await answer.json()).version);
      if (now === version) return;
      const page = await fetch(location.pathname);
      if (!page.ok) return;
      show(new DOMParser().parseFromString(await page.text(), "text/html"));
      version = now;
      tell();
    } catch {
      // The sandbox is being restarted: ask again.
    }
  };
  const again = async () => {
    await look();
    setTimeout(again, EVERY);
  };
  setTimeout(again, EVERY);
})();
