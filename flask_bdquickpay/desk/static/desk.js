// Adds what only a script can do: copying a link or an id, and printing a card.

function say(button) {
  const label = button.querySelector("[aria-hidden]") ?? button;
  const before = label.textContent;
  document.getElementById(button.dataset.says).textContent = button.dataset.done;
  label.textContent = button.dataset.done;
  setTimeout(() => { label.textContent = before; }, 3000);
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field ? field.value : button.dataset.text);
  } catch {
    if (!field) return select(button.previousElementSibling);
    field.select();
    if (!document.execCommand("copy")) return; // it is selected: whoever is there can copy it
  }
  say(button);
}

function select(element) {
  if (element) getSelection().selectAllChildren(element);
}

for (const button of document.querySelectorAll("[data-copy], [data-text]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
