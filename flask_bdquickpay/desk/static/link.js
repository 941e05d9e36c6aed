// Adds what only a script can do: copying the link, and printing its card.

function say(button) {
  document.getElementById(button.dataset.says).textContent = button.dataset.done;
  button.textContent = button.dataset.done;
}

async function copy(button) {
  const field = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    field.select();
    if (!document.execCommand("copy")) return; // it is selected: whoever is there can copy it
  }
  say(button);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
