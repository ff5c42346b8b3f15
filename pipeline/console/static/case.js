// Keys and counts of the queue, keys of a case, and the one way in which a picture is seen: while something is held.
const LONGEST_MS = 30_000; // as the server's own bound
const form = document.body.dataset.form;

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "j" || event.key === "k") {
    const cases = [...document.querySelectorAll("a.case")];
    const at = cases.indexOf(document.activeElement);
    const next = event.key === "j" ? Math.min(at + 1, cases.length - 1) : Math.max(at - 1, 0);
    cases[next]?.focus();
    return;
  }
  const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (found === null) return;
  event.preventDefault(); // else the letter is typed into what is reached
  if (found instanceof HTMLAnchorElement) found.click();
  else found.focus();
  if (found instanceof HTMLInputElement && found.type === "radio") found.checked = true;
});

const counts = document.getElementById("counts");
if (counts !== null) {
  const EVERY_MS = 15_000;
  const AWAY_MS = 300_000; // who is away is not signed in for ever because their page asks
  let seen = performance.now();
  for (const sign of ["keydown", "pointermove", "pointerdown"]) document.addEventListener(sign, () => { seen = performance.now(); });
  setInterval(async () => {
    if (document.hidden || performance.now() - seen > AWAY_MS) return;
    try {
      const answer = await fetch(counts.dataset.counts, { cache: "no-store", credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const found = await answer.json();
      for (const shown of counts.querySelectorAll("[data-count]")) {
        const number = found[shown.dataset.count];
        shown.textContent = number === Number(counts.dataset.most) ? `${number}+` : `${number}`;
      }
    } catch {
      // the next time
    }
  }, EVERY_MS);
}

const panel = document.getElementById("reveal");
if (panel !== null) {
  panel.hidden = false;
  const button = document.getElementById("hold");
  const canvas = document.getElementById("shown");
  const told = document.getElementById("told");
  let turn = 0; // each press is one; what arrives after its end is not drawn
  let began = 0;
  let entry = "";
  let timer = 0;

  const post = (path, body) =>
    fetch(`${panel.dataset.case}/${path}`, {
      method: "POST",
      body,
      headers: { "X-Console-Form": form },
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      keepalive: path === "covered",
    });

  const cover = () => {
    turn += 1;
    clearTimeout(timer);
    canvas.hidden = true;
    canvas.width = canvas.height = 1; // this also empties it
    if (entry === "") return;
    const milliseconds = Math.round(performance.now() - began);
    post("covered", new URLSearchParams({ revealed: entry, milliseconds })).catch(() => {});
    told.textContent = `It was shown for ${(milliseconds / 1000).toFixed(1)} s.`;
    entry = "";
  };

  const reveal = async () => {
    if (entry !== "") return;
    const mine = (turn += 1);
    told.textContent = "";
    try {
      const answer = await post("reveal");
      if (!answer.ok) {
        told.textContent =
          answer.status === 409 ? "Claim the case again first."
          : answer.status === 429 ? "You have looked at enough for now: “Your day” says until when. Facts are enough to rule."
          : "It cannot be shown now.";
        return;
      }
      entry = answer.headers.get("X-Reveal");
      began = performance.now();
      const bitmap = await createImageBitmap(await answer.blob());
      if (mine === turn) {
        canvas.width = bitmap.width;
        canvas.height = bitmap.height;
        canvas.getContext("2d").drawImage(bitmap, 0, 0);
        canvas.hidden = false;
        timer = setTimeout(cover, LONGEST_MS);
      }
      bitmap.close();
      if (mine !== turn && entry !== "") cover(); // let go before it came: it was never drawn
    } catch {
      told.textContent = "It cannot be shown now.";
      cover();
    }
  };

  button.addEventListener("pointerdown", (event) => { button.setPointerCapture(event.pointerId); reveal(); });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) button.addEventListener(end, cover);
  button.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    if (!event.repeat) reveal();
  });
  button.addEventListener("keyup", (event) => { if (event.key === " ") cover(); });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("blur", cover);
  window.addEventListener("blur", cover);
  window.addEventListener("pagehide", cover);
  document.addEventListener("visibilitychange", () => { if (document.hidden) cover(); });
}
