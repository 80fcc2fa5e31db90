// The page: asks the age question, reads the chosen files, shows what was worked out. What leaves is the form that she
// sends herself, with the text that stands in it; nothing else here can send anything.
(() => {
  "use strict";
  const BYTES_MOST = 64 * 1024 * 1024, PIXELS_MOST = 64000000, SIDE_LEAST = 16, FILES_MOST = 200, STRIP_PIXELS = 1 << 20;
  const FILM_BYTES_MOST = 4 * 1024 ** 3, SLICE_BYTES = 4 << 20, SAME_BITS = 8, SAME_QUALITY = 5, LETTERS_MOST = 1900000;
  const THUMBNAIL = 12;
  const BUSY = ["waiting", "working", "checksum", "looking"];
  const LANGUAGES = { "zh-Hans": "简体中文", "zh-Hant": "繁體中文", en: "English", ko: "한국어" };

  // A policy has no word yet that every browser knows for calls between browsers, so the page takes them away.
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"])
    Object.defineProperty(globalThis, name, { value: undefined, writable: false, configurable: false });

  const byId = (id) => document.getElementById(id);
  let language = spoken();
  let items = [];
  let numbered = 0;
  let busy = false;
  let leftOut = false; // files beyond what the page takes at once
  let messages = {};

  // The code of an invitation comes behind the "#", which a browser sends to nobody; it need not stay in sight.
  let code = /^#[\w-]{16,64}$/.test(location.hash) ? location.hash.slice(1) : "";
  if (code) history.replaceState(null, "", location.pathname);

  // Words
  function spoken() {
    for (const tag of navigator.languages || [navigator.language || ""]) {
      if (/^zh\b.*(hant|tw|hk|mo)/i.test(tag)) return "zh-Hant";
      if (/^zh/i.test(tag)) return "zh-Hans";
      if (/^ko/i.test(tag)) return "ko";
      if (/^en/i.test(tag)) return "en";
    }
    return "en";
  }
  function say(key, values = {}) {
    return WORDS[key][language].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }
  function made(tag, text, properties = {}) {
    return Object.assign(document.createElement(tag), text === undefined ? {} : { textContent: text }, properties);
  }
  function tell(key, values = {}, place = "status") {
    messages[place] = [key, values];
    if (byId(place)) byId(place).textContent = say(key, values);
  }
  function speak() {
    document.documentElement.lang = language;
    document.title = say("title");
    for (const node of document.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
    for (const button of byId("languages").children)
      button.setAttribute("aria-pressed", String(button.lang === language));
    if (byId("referral")) showReferral();
    if (byId("sending")) speakSending();
    if (byId("list")) items.forEach(show);
    for (const [place, [key, values]] of Object.entries(messages)) tell(key, values, place);
  }

  // The age question: what follows exists only after its answer.
  function answered(age) {
    forget();
    const rest = byId("rest");
    rest.replaceChildren(byId(age === "adult" ? "if-adult" : "if-minor").content.cloneNode(true));
    if (age === "adult") prepareChoosing();
    speak();
    if (age !== "adult") byId("referral-heading").focus();
  }
  function showReferral() {
    byId("referral").replaceChildren(...HOTLINES.map((line) => {
      const entry = made("li"), first = made("p"), second = made("p", undefined, { className: "help" });
      const name = made("strong", line.name[language]);
      const contact = line.link
        ? made("a", line.contact, { href: line.link, rel: "noreferrer" }) : made("span", line.contact);
      first.append(name, " ", contact);
      second.append(`${line.about[language]}${line.verified ? "" : ` ${say("unchecked")}`}`);
      entry.append(first, second);
      return entry;
    }));
  }

  // Choosing
  function prepareChoosing() {
    byId("files").addEventListener("change", (event) => {
      const chosen = [...event.target.files];
      event.target.value = "";
      add(chosen);
    });
    byId("thumbnails").addEventListener("change", () => items.forEach(show));
    byId("clear").addEventListener("click", () => { forget(); update(); byId("files").focus(); tell("cleared"); });
    byId("download").addEventListener("click", download);
    byId("copy").addEventListener("click", copy);
    prepareSending();
    update();
  }
  function forget() {
    for (const item of items) if (item.thumbnail) item.thumbnail.width = item.thumbnail.height = 0;
    items = [];
    numbered = 0;
    leftOut = false;
    messages = {};
    if (byId("list")) byId("list").replaceChildren();
    if (byId("lines")) byId("lines").value = "";
    if (byId("yes")) byId("yes").checked = false;
  }
  function add(files) {
    if (!byId("list")) return;
    const room = FILES_MOST - items.length;
    for (const file of files.slice(0, room)) {
      const item = { number: ++numbered, file, name: file.name, state: "waiting", line: "", thumbnail: null, part: 0, minutes: 0 };
      item.row = byId("list").appendChild(made("li"));
      items.push(item);
      show(item);
    }
    update();
    if (files.length > room) { leftOut = true; tell("too_many", { most: FILES_MOST }); }
    work();
  }
  function remove(item) {
    items = items.filter((other) => other !== item);
    item.row.remove();
    update();
    byId("files").focus();
    tell("taken_out", { item: `item-${item.number}` });
  }
  function show(item) {
    const wrong = !BUSY.includes(item.state) && !item.line; // then there is something to read
    const row = made("div", undefined, { className: wrong ? "grow whole" : "grow" });
    row.append(made("strong", `item-${item.number}`), made("span", item.name, { className: "name" }));
    const state = made("p", say(`state_${item.state}`, item), { className: item.line ? "good" : "state" });
    state.dataset.state = BUSY.includes(item.state) ? "busy" : item.state;
    row.append(state);
    if (item.state === "checksum" || item.state === "looking") {
      const bar = made("progress", undefined, { max: 1, value: item.part });
      bar.setAttribute("aria-label", `${say("how_far")}: item-${item.number}`);
      row.append(bar);
    }
    const out = made("button", say("take_out"), { type: "button" });
    out.setAttribute("aria-label", `${say("take_out")}: item-${item.number}`);
    out.addEventListener("click", () => remove(item));
    const picture = item.thumbnail && byId("thumbnails").checked ? [item.thumbnail] : [];
    const held = item.row.contains(document.activeElement);
    item.row.replaceChildren(...picture, row, out);
    if (held) out.focus();
  }
  function showPart(item) {
    item.row.querySelector("p").textContent = say(`state_${item.state}`, item);
    item.row.querySelector("progress").value = item.part;
  }
  function update() {
    const lines = items.filter((item) => item.line).map((item) => `${item.line}\n`).join("");
    if (byId("lines").value !== lines) {
      byId("lines").value = lines;
      byId("told").textContent = ""; // what was copied or downloaded is not this any more
      delete messages.told;
      if (byId("yes")) byId("yes").checked = false; // a yes is to what was shown when it was said
    }
    byId("clear").hidden = byId("shown").hidden = items.length === 0;
    byId("result").hidden = lines === "";
    if (byId("sending")) {
      byId("send-part").hidden = lines === "";
      speakSending();
    }
  }

  // Working: in a worker where the browser gives one, else here. A checksum takes its time, and what was
  // asked after it may be answered before: so each question has a number, and its answer the same.
  let asks = null;
  function asker() {
    asks = asks || inWorker().catch(() => {
      const own = engine();
      return (ask, value) => own.answer({ ask, value });
    });
    return asks;
  }
  async function inWorker() {
    const source = `const own=(${engine})();onmessage=async e=>{let v=null;try{v=await own.answer(e.data)}catch{}postMessage([e.data.number,v])}`;
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    const waiting = new Map();
    let asked = 0;
    worker.onmessage = ({ data: [number, given] }) => {
      waiting.get(number)(given);
      waiting.delete(number);
    };
    const ask = (what, value, moved = []) => new Promise((done) => {
      waiting.set(++asked, done);
      worker.postMessage({ number: asked, ask: what, value }, moved);
    });
    // A browser that refuses the worker says so before it has done anything.
    await Promise.race([ask("hello"), new Promise((_, fail) => { worker.onerror = fail; })]);
    worker.onerror = () => { for (const done of waiting.values()) done(null); waiting.clear(); };
    return ask;
  }
  async function work() {
    if (busy) return;
    busy = true;
    for (let item; (item = items.find((each) => each.state === "waiting"));) {
      become(item, "working");
      tell("progress", { item: `item-${item.number}`, all: items.length });
      const state = await fingerprint(item);
      item.file = null;
      if (!items.includes(item)) continue; // taken out meanwhile
      become(item, state);
      update();
    }
    busy = false;
    if (leftOut) tell("too_many", { most: FILES_MOST });
    else if (items.length)
      tell("finished", { good: items.filter((item) => item.line).length, all: items.length });
    leftOut = false;
  }
  function become(item, state, part = 0) {
    const same = item.state === state, before = item.percent;
    Object.assign(item, { state, part, percent: Math.floor(part * 100) });
    if (!items.includes(item)) return;
    if (!same) show(item);
    else if (item.percent !== before) showPart(item); // the row stays, so that nobody's focus is lost
  }
  async function fingerprint(item) {
    const { file } = item;
    if (file.size === 0) return "empty";
    try {
      const head = new Uint8Array(await file.slice(0, 32).arrayBuffer());
      const kind = kindOf(file, head);
      if (kind === "film") return await filmed(item, await asker());
      if (file.size > BYTES_MOST) return kind || "too_large";
      return await pictured(item, await asker(), head);
    } catch (error) {
      return typeof error === "string" ? error : "unreadable";
    }
  }

  // A picture
  async function pictured(item, ask, head) {
    const { file } = item;
    const decoding = decoded(file);
    decoding.catch(() => {}); // looked at below
    const buffer = await file.arrayBuffer();
    const checksum = ask("sha256", buffer, [buffer]);
    let bitmap = null;
    try {
      bitmap = await decoding;
    } catch {
      return kindOf(file, head) || "not_a_picture";
    }
    try {
      return await measured(item, ask, bitmap, checksum, head[0] !== 0xff || head[1] !== 0xd8);
    } finally {
      bitmap.close();
    }
  }
  async function decoded(file) {
    try {
      return await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch (error) {
      if (error instanceof TypeError) return createImageBitmap(file); // an older browser, which turns it anyway
      throw error;
    }
  }
  async function measured(item, ask, bitmap, checksum, mayBeClear) {
    const { width, height } = bitmap;
    if (width * height > PIXELS_MOST) return "too_many_pixels";
    if (Math.min(width, height) < SIDE_LEAST) return "too_small";
    const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PIXELS / width)));
    const pen = penOf(width, rows);
    if (!tellsTheTruth(pen)) return "hidden";
    item.thumbnail = thumbnail(bitmap, width, height);
    ask("begin", { width, height, mayBeClear, turns: false });
    let before = null;
    for (let top = 0; top < height; top += rows) {
      pen.clearRect(0, 0, width, rows);
      pen.drawImage(bitmap, 0, -top);
      const now = handOver(ask, pen, width, Math.min(rows, height - top));
      await before; // one strip is worked on while the next is drawn
      before = now;
    }
    await before;
    pen.canvas.width = pen.canvas.height = 0;
    const found = await ask("end"), sha256 = await checksum;
    if (!found || !sha256) return "unreadable";
    if (found.unhashable) return found.unhashable;
    const parts = [["kind", "image"], ["pdq", found.pdq], ["quality", found.quality], ["sha256", sha256], ["width", width], ["height", height]];
    if (found.on_black) parts.push(["on_black", found.on_black]);
    item.line = lineOf(item, parts);
    return "done";
  }
  function penOf(width, height) {
    return made("canvas", undefined, { width, height }).getContext("2d", { willReadFrequently: true });
  }
  function handOver(ask, pen, width, rows) {
    const { data } = pen.getImageData(0, 0, width, rows);
    return ask("rows", data.buffer, [data.buffer]);
  }

  // A film
  async function filmed(item, ask) {
    if (item.file.size > FILM_BYTES_MOST) return "film_too_large";
    const film = openFilm(item.file);
    try {
      await film.begin();
      const { videoWidth: width, videoHeight: height, duration } = film.video;
      if (width * height > PIXELS_MOST) return "too_many_pixels";
      if (Math.min(width, height) < SIDE_LEAST) return "too_small";
      const sha256 = await checksumOf(item, ask);
      const seconds = rounded(duration);
      const frames = await sampled(item, ask, film, [width, height, seconds]);
      if (!frames.length) return "low_quality";
      item.line = lineOf(item, [
        ["kind", "video"], ["sha256", sha256], ["width", width], ["height", height], ["seconds", seconds],
        ["first_look", true], ["frames", frames],
      ]);
      return "film_done";
    } finally {
      film.close();
    }
  }
  const rounded = (seconds) => Math.round(seconds * 1000) / 1000;
  function stillWanted(item) {
    if (!items.includes(item)) throw "unreadable"; // taken out: nobody reads the word
  }
  async function checksumOf(item, ask) {
    const { file } = item;
    ask("file");
    for (let at = 0; at < file.size; at += SLICE_BYTES) {
      stillWanted(item);
      become(item, "checksum", at / file.size);
      const slice = await file.slice(at, at + SLICE_BYTES).arrayBuffer();
      if (!(await ask("bytes", slice, [slice]))) throw "unreadable";
    }
    return ask("file_end");
  }
  async function sampled(item, ask, film, [width, height, seconds]) {
    const pen = penOf(width, height), began = performance.now(), frames = [];
    if (!tellsTheTruth(pen)) throw "hidden";
    let last = null;
    for await (const { number, at, part } of film.frames()) {
      stillWanted(item);
      const spent = (performance.now() - began) / 60000;
      item.minutes = part ? Math.max(1, Math.ceil(spent / part - spent)) : 1;
      become(item, "looking", part);
      pen.drawImage(film.video, 0, 0, width, height);
      ask("begin", { width, height, mayBeClear: false, turns: false });
      handOver(ask, pen, width, height);
      const found = await ask("end");
      if (!found) throw "unreadable";
      const t = Math.min(rounded(at), seconds);
      if (last) last.until = Math.max(last.until, t);
      if (found.unhashable) { last = null; continue; } // black, or nothing to tell it by
      if (last && alike(last, found)) continue;
      if (!item.thumbnail) item.thumbnail = thumbnail(film.video, width, height);
      frames.push((last = { number, t, until: t, pdq: found.pdq, quality: found.quality }));
    }
    if (last) last.until = seconds;
    pen.canvas.width = pen.canvas.height = 0;
    return frames;
  }
  // So near that one stands for both.
  function alike(one, other) {
    let bits = 0;
    for (let at = 0; at < 64; at++)
      for (let rest = parseInt(one.pdq[at], 16) ^ parseInt(other.pdq[at], 16); rest; rest &= rest - 1) bits++;
    return bits <= SAME_BITS && Math.abs(one.quality - other.quality) <= SAME_QUALITY;
  }

  // Some browsers answer with made-up colours so that nobody is recognised by her graphics card.
  function tellsTheTruth(pen) {
    for (const [colour, ...expected] of [["#c08040", 192, 128, 64], ["#103070", 16, 48, 112]]) {
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 16, 16);
      const { data } = pen.getImageData(0, 0, 16, 16);
      for (let at = 0; at < data.length; at++)
        if (Math.abs(data[at] - (at % 4 === 3 ? 255 : expected[at % 4])) > 2) return false;
    }
    return true;
  }
  function thumbnail(seen, width, height) {
    const side = Math.max(width, height);
    const small = made("canvas", undefined, {
      width: Math.max(1, Math.round((THUMBNAIL * width) / side)),
      height: Math.max(1, Math.round((THUMBNAIL * height) / side)),
    });
    const pen = small.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(seen, 0, 0, small.width, small.height);
    small.setAttribute("aria-hidden", "true");
    return small;
  }
  function kindOf(file, head) {
    const box = String.fromCharCode(...head.slice(4, 12));
    if (/^ftyp(hei|hev|mif1|msf1)/.test(box) || /\.hei[cf]$/i.test(file.name)) return "heic";
    const film = file.type.startsWith("video/") || /^ftyp(?!avi)/.test(box) || (head[0] === 0x1a && head[1] === 0x45);
    return film || /\.(mp4|mov|m4v|webm|mkv|avi|3gp)$/i.test(file.name) ? "film" : "";
  }
  // Written as `zaoguang fingerprint --json` writes it; the file's name stays out.
  function lineOf(item, parts) {
    const written = (value) => Array.isArray(value) ? `[${value.map(object).join(", ")}]` : JSON.stringify(value);
    const pairs = (list) => `{${list.map(([name, value]) => `"${name}": ${written(value)}`).join(", ")}}`;
    const object = (frame) => pairs(Object.entries(frame));
    return pairs([["path", `item-${item.number}`], ...parts]);
  }

  // What she takes with her
  function download() {
    const address = URL.createObjectURL(new Blob([byId("lines").value], { type: "text/plain" }));
    const link = made("a", undefined, { href: address, download: "fingerprints.txt" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    tell("downloaded", {}, "told");
  }
  async function copy() {
    const lines = byId("lines");
    lines.select();
    try {
      await navigator.clipboard.writeText(lines.value);
    } catch {
      if (!document.execCommand("copy")) { tell("copy_by_hand", {}, "told"); return; }
    }
    tell("copied", {}, "told");
  }

  // Sending: a plain form with the shown text in it. A copy on a disk has nowhere to send to, and no form.
  function prepareSending() {
    const form = byId("sending");
    if (!/^https?:$/.test(location.protocol)) { byId("send-part").remove(); return; }
    form.action = "send/";
    byId("code").value = code;
    for (const field of ["code", "yes"])
      byId(field).addEventListener("input", () => { byId("sent").textContent = ""; delete messages.sent; });
    form.addEventListener("submit", (event) => {
      const [missing, place] = whatIsMissing();
      if (!missing) { tell("sending", {}, "sent"); underWay = true; return; }
      event.preventDefault();
      tell(missing, {}, "sent");
      if (place) byId(place).focus();
    });
  }
  let underWay = false;
  function whatIsMissing() {
    if (underWay) return ["sending"];
    if (busy) return ["send_busy"];
    if (!byId("code").value.trim()) return ["send_no_code", "code"];
    if (!byId("yes").checked) return ["send_no_yes", "yes"];
    return [byId("lines").value.length > LETTERS_MOST ? "send_too_much" : ""];
  }
  function speakSending() {
    const values = { count: items.filter((item) => item.line).length, host: location.host };
    byId("send-what").textContent = say("send_what", values);
    byId("yes-label").textContent = say("send_yes", values);
    byId("sent-language").value = language;
  }
  addEventListener("pageshow", () => { underWay = false; });
  document.addEventListener("securitypolicyviolation", (event) => {
    if (event.effectiveDirective === "form-action") { underWay = false; tell("send_shut", {}, "sent"); }
  });

  // Beginning
  for (const [tag, name] of Object.entries(LANGUAGES)) {
    const button = made("button", name, { type: "button", lang: tag });
    button.addEventListener("click", () => { language = tag; speak(); });
    byId("languages").append(button);
  }
  for (const choice of document.querySelectorAll("[name=age]"))
    choice.addEventListener("change", () => answered(choice.value));
  for (const kind of ["dragover", "drop"])
    document.addEventListener(kind, (event) => {
      event.preventDefault(); // or the browser would open the picture in place of the page
      if (kind === "drop") add([...event.dataTransfer.files]);
    });
  for (const choice of document.querySelectorAll("[name=age]")) choice.checked = false;
  byId("page").hidden = false;
  speak();
})();
