// Counts the payment's time down; at zero the page is asked for again. Without JavaScript the
// page still says until when the payment can be made.
"use strict";

(() => {
  const shown = document.getElementById("countdown");
  const end = performance.now() + Number(shown.dataset.seconds) * 1000;
  const bangla = document.documentElement.lang === "bn";
  const digits = (text) =>
    bangla ? text.replace(/[0-9]/g, (digit) => "০১২৩৪৫৬৭৮৯"[Number(digit)]) : text;

  const show = () => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    const minutes = String(Math.floor(left / 60));
    const seconds = String(left % 60).padStart(2, "0");
    shown.textContent = digits(
      shown.dataset.form.replace("{minutes}", minutes).replace("{seconds}", seconds),
    );
    if (left === 0) {
      clearInterval(timer);
      setTimeout(() => location.replace(location.href), 1000);
    }
  };
  const timer = setInterval(show, 1000);
})();
