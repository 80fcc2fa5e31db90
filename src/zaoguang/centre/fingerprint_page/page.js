// The page: asks the age question, reads the chosen pictures, shows what was worked out. Nothing here can send anything.
(() => {
  "use strict";
  const BYTES_MOST = 64 * 1024 * 1024, PIXELS_MOST = 64000000, SIDE_LEAST = 16, FILES_MOST = 200, STRIP_PIXELS = 1 << 20;
  const THUMBNAIL = 12;
  const LANGUAGES = { "zh-Hans": "简体中文", "zh-Hant": "繁體中文", en: "English", ko: "한국어" };

  // A policy has no word yet that every browser knows for calls between browsers, so the page takes them away.
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"])
    Object.defineProperty(globalThis, name, { value: undefined, writable: false, configurable: false });

  const byId = (id) => document.getElementById(id);
  let language = spoken();
  let items = [];
  let numbered = 0;
  let busy = false;
  let messages = {};

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
    update();
  }
  function forget() {
    for (const item of items) if (item.thumbnail) item.thumbnail.width = item.thumbnail.height = 0;
    items = [];
    numbered = 0;
    messages = {};
    if (byId("list")) byId("list").replaceChildren();
    if (byId("lines")) byId("lines").value = "";
  }
  function add(files) {
    if (!byId("list")) return;
    const room = FILES_MOST - items.length;
    for (const file of files.slice(0, room)) {
      const item = { number: ++numbered, file, name: file.name, state: "waiting", line: "", thumbnail: null };
      item.row = byId("list").appendChild(made("li"));
      items.push(item);
      show(item);
    }
    update();
    if (files.length > room) tell("too_many", { most: FILES_MOST });
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
    const row = made("div", undefined, { className: "grow" });
    row.append(made("strong", `item-${item.number}`), made("span", item.name, { className: "name" }));
    const state = made("p", say(`state_${item.state}`), { className: item.state === "done" ? "good" : "state" });
    state.dataset.state = item.state === "waiting" || item.state === "working" ? "busy" : item.state;
    row.append(state);
    const out = made("button", say("take_out"), { type: "button" });
    out.setAttribute("aria-label", `${say("take_out")}: item-${item.number}`);
    out.addEventListener("click", () => remove(item));
    const picture = item.thumbnail && byId("thumbnails").checked ? [item.thumbnail] : [];
    item.row.replaceChildren(...picture, row, out);
  }
  function update() {
    const lines = items.filter((item) => item.line).map((item) => `${item.line}\n`).join("");
    if (byId("lines").value !== lines) {
      byId("lines").value = lines;
      byId("told").textContent = ""; // what was copied or downloaded is not this any more
      delete messages.told;
    }
    byId("clear").hidden = byId("shown").hidden = items.length === 0;
    byId("result").hidden = lines === "";
  }

  // Working: in a worker where the browser gives one, else here.
  let asks = null;
  function asker() {
    if (asks) return asks;
    const here = () => { const own = engine(); return (ask, value) => own.answer({ ask, value }); };
    try {
      const source = `const own=(${engine})();onmessage=async e=>{let v=null;try{v=await own.answer(e.data)}catch{}postMessage(v)}`;
      const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      const worker = new Worker(address);
      let waiting = null;
      let instead = null;
      worker.onmessage = (event) => waiting.done(event.data);
      // A browser that refuses the worker says so before it has done anything: start over here.
      worker.onerror = () => { instead = here(); waiting.done(instead(waiting.ask, waiting.value)); };
      asks = (ask, value, moved = []) => instead ? instead(ask, value) : new Promise((done) => {
        waiting = { ask, value, done };
        worker.postMessage({ ask, value }, ask === "rows" ? moved : []);
      });
    } catch {
      asks = here();
    }
    return asks;
  }
  async function work() {
    if (busy) return;
    busy = true;
    for (let item; (item = items.find((each) => each.state === "waiting"));) {
      item.state = "working";
      show(item);
      tell("progress", { item: `item-${item.number}`, all: items.length });
      item.state = await fingerprint(item);
      item.file = null;
      if (!items.includes(item)) continue; // taken out meanwhile
      show(item);
      update();
    }
    busy = false;
    if (items.length && !(messages.status && messages.status[0] === "too_many"))
      tell("finished", { good: items.filter((item) => item.line).length, all: items.length });
  }
  async function fingerprint(item) {
    const { file } = item;
    if (file.size === 0) return "empty";
    if (file.size > BYTES_MOST) return kindOf(file, new Uint8Array(0)) || "too_large";
    let bitmap = null;
    try {
      const buffer = await file.arrayBuffer();
      const head = new Uint8Array(buffer.slice(0, 32));
      const ask = asker();
      const sha256 = await ask("sha256", buffer);
      try {
        bitmap = await decoded(file);
      } catch {
        return kindOf(file, head) || "not_a_picture";
      }
      return await measured(item, bitmap, sha256, head[0] !== 0xff || head[1] !== 0xd8);
    } catch {
      return "unreadable";
    } finally {
      if (bitmap) bitmap.close();
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
  async function measured(item, bitmap, sha256, mayBeClear) {
    const { width, height } = bitmap, ask = asker();
    if (width * height > PIXELS_MOST) return "too_many_pixels";
    if (Math.min(width, height) < SIDE_LEAST) return "too_small";
    const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PIXELS / width)));
    const canvas = made("canvas", undefined, { width, height: rows });
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    if (!tellsTheTruth(pen)) return "hidden";
    item.thumbnail = thumbnail(bitmap);
    await ask("begin", { width, height, mayBeClear });
    for (let top = 0; top < height; top += rows) {
      const strip = Math.min(rows, height - top);
      pen.clearRect(0, 0, width, rows);
      pen.drawImage(bitmap, 0, -top);
      const { data } = pen.getImageData(0, 0, width, strip);
      await ask("rows", data.buffer, [data.buffer]);
    }
    canvas.width = canvas.height = 0;
    const found = await ask("end");
    if (!found) return "unreadable";
    if (found.unhashable) return found.unhashable;
    item.line = lineOf(item.number, found, sha256);
    return "done";
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
  function thumbnail(bitmap) {
    const side = Math.max(bitmap.width, bitmap.height);
    const small = made("canvas", undefined, {
      width: Math.max(1, Math.round((THUMBNAIL * bitmap.width) / side)),
      height: Math.max(1, Math.round((THUMBNAIL * bitmap.height) / side)),
    });
    const pen = small.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, 0, 0, small.width, small.height);
    small.setAttribute("aria-hidden", "true");
    return small;
  }
  function kindOf(file, head) {
    const box = String.fromCharCode(...head.slice(4, 12));
    if (/^ftyp(hei|hev|mif1|msf1)/.test(box) || /\.hei[cf]$/i.test(file.name)) return "heic";
    const film = file.type.startsWith("video/") || /^ftyp(?!avi)/.test(box) || /\.(mp4|mov|m4v|webm|mkv|avi|3gp)$/i.test(file.name);
    return film ? "film" : "";
  }
  // Written as `zaoguang fingerprint --json` writes it; the file's name stays out.
  function lineOf(number, found, sha256) {
    const parts = [
      ["path", `item-${number}`], ["kind", "image"], ["pdq", found.pdq], ["quality", found.quality],
      ["sha256", sha256], ["width", found.width], ["height", found.height],
    ];
    if (found.on_black) parts.push(["on_black", found.on_black]);
    return `{${parts.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(", ")}}`;
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
