// A film through the browser's own player: one frame a second, one after another. The file is never read into memory.
function openFilm(file) {
  "use strict";
  const EVERY_SECONDS = 1, LONGEST_SECONDS = 4 * 3600, PATIENCE = 20000, SHOWN_WITHIN = 700, NUDGE_AFTER = 2000;
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, preload: "auto" });
  const address = URL.createObjectURL(file);
  const close = () => { video.removeAttribute("src"); video.load(); URL.revokeObjectURL(address); };

  // Waits for that event, or throws the word for what went wrong.
  function happens(name, wrong) {
    return new Promise((done, fail) => {
      const clock = setTimeout(() => fail(wrong), PATIENCE);
      const over = (end, value) => () => { clearTimeout(clock); end(value); };
      video.addEventListener(name, over(done), { once: true });
      video.addEventListener("error", over(fail, wrong), { once: true });
    });
  }
  async function begin() {
    const loaded = happens("loadeddata", "film_format");
    video.src = address;
    // Some phones load nothing before a film plays.
    const nudge = setTimeout(() => video.play().then(() => video.pause(), () => {}), NUDGE_AFTER);
    try { await loaded; } finally { clearTimeout(nudge); video.pause(); }
    if (!video.videoWidth) throw "film_format";
    if (!Number.isFinite(video.duration)) await findEnd();
    if (video.duration > LONGEST_SECONDS) throw "film_too_long";
  }
  // Films recorded by a browser do not say how long they are until their end was looked for.
  async function findEnd() {
    const sought = happens("seeked", "film_broken");
    video.currentTime = LONGEST_SECONDS * 2;
    await sought;
    if (!Number.isFinite(video.duration)) throw "film_broken";
  }
  // Gives the time of the frame that is now on the screen.
  async function seek(seconds) {
    const shown = video.requestVideoFrameCallback && !document.hidden
      ? new Promise((done) => {
        video.requestVideoFrameCallback((_, { mediaTime }) => done(mediaTime));
        setTimeout(() => done(seconds), SHOWN_WITHIN);
      })
      : seconds;
    const sought = happens("seeked", "film_broken");
    video.currentTime = seconds;
    await sought;
    const at = await shown;
    return at <= seconds ? at : seconds;
  }
  async function* frames() {
    for (let number = 0; number * EVERY_SECONDS < Math.max(video.duration, EVERY_SECONDS / 2); number++)
      yield { number, at: await seek(number * EVERY_SECONDS), part: (number * EVERY_SECONDS) / video.duration };
  }
  return { video, begin, frames, close };
}
