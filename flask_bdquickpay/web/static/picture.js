// Draws a receipt as a picture, black on white: who was paid, how much, what for, and the facts.

const WIDTH = 720;
const EDGE = 48;
const INSIDE = WIDTH - 2 * EDGE;
const LEADING = 1.5;
const GAP = 10;

const text = (element) => element.textContent.replace(/\s+/g, " ").trim();

// Without the words for who cannot see, and without buttons.
function seen(element) {
  const copy = element.cloneNode(true);
  for (const extra of copy.querySelectorAll(".bdqp-hidden, button")) extra.remove();
  for (const end of copy.querySelectorAll("br")) end.replaceWith(", ");
  return text(copy);
}

// What stands there, one below the other: [what, a second one at the right edge, size, weight].
function* rows(card, name) {
  const of = (selector) => [...card.querySelectorAll(selector)];
  for (const it of of(".bdqp-test")) yield [seen(it), "", 26, 700];
  yield [name, "", 26, 700];
  yield [seen(card.querySelector(".bdqp-heading")), "", 30, 700];
  for (const it of of(".bdqp-amount")) yield [seen(it), "", 52, 700];
  for (const it of of(".bdqp-asked")) yield [seen(it), "", 22, 400];
  for (const it of of(".bdqp-label")) yield [seen(it), "", 26, 600];
  for (const it of of(".bdqp-lines tr")) yield [seen(it.cells[0]), seen(it.cells[1]), 24, it.closest("tfoot") ? 700 : 400];
  for (const it of of(".bdqp-fact")) yield [seen(it.querySelector("dt")), seen(it.querySelector("dd")), 24, 600];
  for (const it of of(".bdqp-help li, .bdqp-help address")) yield [seen(it), "", 20, 400];
}

// A word that is longer than a line is cut between letters.
function pieces(pen, word, width) {
  if (pen.measureText(word).width <= width) return [word];
  const letters = Intl.Segmenter ? [...new Intl.Segmenter().segment(word)].map((it) => it.segment) : [...word];
  const found = [""];
  for (const letter of letters) {
    if (found.at(-1) && pen.measureText(found.at(-1) + letter).width > width) found.push("");
    found[found.length - 1] += letter;
  }
  return found;
}

function lines(pen, said, width) {
  const found = [""];
  for (const word of said.split(" ").flatMap((it) => pieces(pen, it, width))) {
    const longer = found.at(-1) ? `${found.at(-1)} ${word}` : word;
    if (pen.measureText(longer).width <= width) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found;
}

// Returns where the next row begins.
function row(pen, font, top, [left, right, size, weight]) {
  const height = size * LEADING;
  const put = (column, side, x) => {
    pen.textAlign = side;
    column.forEach((line, index) => pen.fillText(line, x, top + (index + 1) * height));
    return column.length;
  };
  pen.font = `${weight} ${size}px ${font}`;
  if (!right) return top + put(lines(pen, left, INSIDE), "center", WIDTH / 2) * height + GAP;
  const most = Math.min(pen.measureText(right).width, INSIDE * 0.6);
  const below = put(lines(pen, right, most), "right", WIDTH - EDGE);
  pen.font = `400 ${size}px ${font}`;
  const beside = put(lines(pen, left, INSIDE - most - EDGE / 2), "left", EDGE);
  return top + Math.max(below, beside) * height + GAP;
}

export function draw(card, name) {
  const canvas = document.createElement("canvas");
  const font = getComputedStyle(card).fontFamily;
  const all = [...rows(card, name)];
  let pen = canvas.getContext("2d");
  const height = all.reduce((top, it) => row(pen, font, top, it), EDGE); // what is drawn is lost
  Object.assign(canvas, { width: WIDTH, height: Math.ceil(height + EDGE) });
  pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#000";
  all.reduce((top, it) => row(pen, font, top, it), EDGE);
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("nothing was drawn"))), "image/png");
  });
}
