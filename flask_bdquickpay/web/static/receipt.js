// Adds what only a script can do to the receipt: copying the transaction id, sharing it, printing
// it, and saving it as a picture. The buttons stand there unseen, so that nothing moves.

const SAID_FOR = 4_000;

function say(button) {
  const words = button.querySelector("span");
  const before = (button.bdqpBefore ??= words.textContent);
  document.getElementById(button.dataset.bdqpSays).textContent = button.dataset.bdqpDone;
  words.textContent = button.dataset.bdqpDone;
  clearTimeout(button.bdqpTimer);
  button.bdqpTimer = setTimeout(() => (words.textContent = before), SAID_FOR);
}

async function copy(button) {
  const code = document.getElementById(button.dataset.bdqpCopy);
  try {
    await navigator.clipboard.writeText(code.textContent.trim());
  } catch {
    getSelection().selectAllChildren(code);
    if (!document.execCommand("copy")) return; // it is selected: the customer can copy it
  }
  say(button);
}

async function share(button) {
  const text = button.dataset.bdqpShare;
  try {
    if (navigator.share) return await navigator.share({ title: document.title, text });
    await navigator.clipboard.writeText(text);
    say(button);
  } catch {
    // The customer thought better of it, or the browser does not let a page copy.
  }
}

async function save(button) {
  try {
    const { draw } = await import(button.dataset.bdqpDraws);
    const blob = await draw(button.closest(".bdqp"), button.dataset.bdqpPicture);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = button.dataset.bdqpFile;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(button);
  } catch {
    // Offline, or a browser that saves nothing: the receipt still stands there.
  }
}

const ACTS = {
  "[data-bdqp-picture]": save,
  "[data-bdqp-share]": share,
  "[data-bdqp-copy]": copy,
  "[data-bdqp-print]": () => print(),
};
for (const [selector, act] of Object.entries(ACTS)) {
  for (const button of document.querySelectorAll(selector)) {
    button.addEventListener("click", () => act(button));
  }
}
if (!navigator.share && !navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-bdqp-share]")) button.hidden = true;
}
for (const part of document.querySelectorAll(".bdqp-scripted")) part.classList.add("bdqp-scripted--works");
