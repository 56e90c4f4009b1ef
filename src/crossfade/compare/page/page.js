// Words play their sound, and show which of them is being heard.
"use strict";

/** The sound that plays; never two at once. */
let playing = null;

/** A little is heard before a word: it begins sooner than its time says. */
const LEAD_S = 0.1;

for (const recording of document.querySelectorAll(".recording")) {
  const audio = recording.querySelector("audio");
  if (audio) connect(recording, audio);
}

document.querySelector("#condensed").addEventListener("change", ({ target }) => {
  document.body.classList.toggle("condensed", target.checked);
});

// A link to a recording opens it.
addEventListener("hashchange", unfold);
unfold();

function unfold() {
  const found = document.getElementById(location.hash.slice(1));
  if (found instanceof HTMLDetailsElement) {
    found.open = true;
    found.scrollIntoView();
  }
}

function connect(recording, audio) {
  const words = recording.querySelector(".words");
  const columns = [...words.querySelectorAll(".col")];
  const times = columns.map(({ dataset }) => [Number(dataset.t), Number(dataset.e)]);
  const wave = recording.querySelector(".wave");
  const head = recording.querySelector(".head");
  const length = Number(words.dataset.length);
  let cursor = -1;
  words.classList.add("playable");

  function play(at) {
    audio.currentTime = Math.max(0, at);
    audio.play();
  }

  function point(place) {
    columns[cursor]?.classList.remove("cursor");
    cursor = Math.min(Math.max(place, 0), columns.length - 1);
    columns[cursor]?.classList.add("cursor");
    columns[cursor]?.scrollIntoView({ block: "nearest" });
  }

  function show() {
    const at = audio.currentTime;
    recording.classList.add("heard");
    head.setAttribute("transform", `translate(${(1000 * at) / length})`);
    for (const [place, column] of columns.entries()) {
      const [start, end] = times[place];
      column.classList.toggle("now", start <= at && at < end && !audio.paused);
    }
    if (!audio.paused) requestAnimationFrame(show);
  }

  words.addEventListener("click", ({ target }) => {
    const place = columns.indexOf(target.closest(".col"));
    if (place < 0) return;
    point(place);
    play(times[place][0] - LEAD_S);
  });
  words.addEventListener("keydown", (event) => {
    const places = { ArrowRight: cursor + 1, ArrowLeft: cursor - 1, Home: 0, End: columns.length };
    if (event.key in places) point(places[event.key]);
    else if (event.key === "Enter" && cursor >= 0) play(times[cursor][0] - LEAD_S);
    else if (event.key === " " && playing === audio && !audio.paused) audio.pause();
    else return;
    event.preventDefault();
  });
  wave.addEventListener("click", (event) => {
    const { left, width } = wave.getBoundingClientRect();
    play(((event.clientX - left) / width) * length);
  });
  audio.addEventListener("play", () => {
    if (playing !== audio) playing?.pause();
    playing = audio;
    show();
  });
  for (const kind of ["pause", "seeked", "ended"]) audio.addEventListener(kind, show);
}
