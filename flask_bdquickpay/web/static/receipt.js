// Adds what only a script can do to the receipt: copying the transaction id, and printing.

async function copy(button) {
  const code = document.getElementById(button.dataset.bdqpCopy);
  try {
    await navigator.clipboard.writeText(code.textContent.trim());
  } catch {
    getSelection().selectAllChildren(code);
    if (!document.execCommand("copy")) return; // it is selected: the customer can copy it
  }
  document.getElementById(button.dataset.bdqpSays).textContent = button.dataset.bdqpDone;
  button.lastChild.textContent = button.dataset.bdqpDone;
}

for (const button of document.querySelectorAll("[data-bdqp-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

for (const button of document.querySelectorAll("[data-bdqp-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
