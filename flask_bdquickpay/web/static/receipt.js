// Adds what only a script can do to the receipt: copying the transaction id, sharing it, printing
// it, and saving it as a picture.

function say(button) {
  document.getElementById(button.dataset.bdqpSays).textContent = button.dataset.bdqpDone;
  button.lastChild.textContent = button.dataset.bdqpDone;
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
    const { draw } = await import("./picture.js");
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

for (const button of document.querySelectorAll("[data-bdqp-picture]")) {
  button.hidden = false;
  button.addEventListener("click", () => save(button));
}

for (const button of document.querySelectorAll("[data-bdqp-share]")) {
  button.hidden = !navigator.share && !navigator.clipboard;
  button.addEventListener("click", () => share(button));
}

for (const button of document.querySelectorAll("[data-bdqp-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

for (const button of document.querySelectorAll("[data-bdqp-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
