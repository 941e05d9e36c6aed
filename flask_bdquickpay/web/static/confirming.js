// Asks the shop whether the payment has its answer, and loads the page anew when it has.

const FIRST_PAUSE = 3_000; // the shop asks bKash no oftener than this
const GROWTH = 1.4;
const LONGEST_PAUSE = 30_000;
const ONE_REQUEST = 10_000;
const LONG = 20_000; // from here on say that it takes a while
const GIVE_UP = 15 * 60_000;

const line = document.querySelector("[data-bdqp-status-url]");
const card = line?.closest(".bdqp");
const firstWords = line?.textContent;
const begun = Date.now();
let pause = FIRST_PAUSE;
let timer;
let asking = false;

// Only a change is worth an announcement.
function say(text) {
  if (line.textContent !== text) line.textContent = text;
}

// What turns says that somebody is asking.
function turn(on) {
  card?.classList.toggle("bdqp--waiting", on);
  card?.classList.toggle("bdqp--calm", !on);
}

function sayHowItStands(waited) {
  const words = line.dataset;
  turn(navigator.onLine);
  if (!navigator.onLine) say(words.bdqpOffline);
  else say(waited > LONG ? words.bdqpWaiting : firstWords);
}

async function ask() {
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(), ONE_REQUEST);
  try {
    const answer = await fetch(line.dataset.bdqpStatusUrl, { cache: "no-store", signal: stop.signal });
    return answer.ok ? await answer.json() : {};
  } finally {
    clearTimeout(limit);
  }
}

function next() {
  const waited = Date.now() - begun;
  if (waited > GIVE_UP) return giveUp();
  sayHowItStands(waited);
  timer = setTimeout(look, pause);
  pause = Math.min(pause * GROWTH, LONGEST_PAUSE);
}

function giveUp() {
  say(line.dataset.bdqpStopped);
  const heading = card?.querySelector(".bdqp-heading");
  if (heading) {
    document.title = document.title.replace(heading.textContent, line.dataset.bdqpStoppedHeading);
    heading.textContent = line.dataset.bdqpStoppedHeading;
  }
  turn(false);
}

async function look() {
  clearTimeout(timer);
  asking = true;
  try {
    const { is_final: final } = await ask();
    if (final) return finish();
  } catch {
    // No answer is no news: ask again after the next pause.
  } finally {
    asking = false;
  }
  next();
}

function finish() {
  say(line.dataset.bdqpFinal);
  location.reload();
}

// Back on this tab, or back online: the customer is looking now, so ask soon.
function hurry() {
  if (asking || document.hidden || Date.now() - begun > GIVE_UP) return;
  clearTimeout(timer);
  pause = FIRST_PAUSE;
  timer = setTimeout(look, 500);
}

if (line) {
  next();
  document.addEventListener("visibilitychange", hurry);
  window.addEventListener("online", hurry);
  window.addEventListener("offline", () => Date.now() - begun <= GIVE_UP && sayHowItStands(Date.now() - begun));
}
