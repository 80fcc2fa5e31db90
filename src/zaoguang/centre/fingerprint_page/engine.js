// The picture's numbers: PDQ as pdqhash works it out, in the same float32 steps, and SHA-256. Touches no page.
// The rows come in one after another and are forgotten again, so that a 12-megapixel photograph needs little memory.
function engine() {
  "use strict";
  const fround = Math.fround;
  const GRID = 64, KEPT = 16, LEAST_QUALITY = 50, BLANK_RANGE = 4;
  const WHITE = 255, BLACK = 0;

  // The window of the two-pass tent filter: half a cell of the 64 × 64 grid, rounded up.
  const windowOf = (side) => Math.floor((side + 2 * GRID - 1) / (2 * GRID));
  const halfOf = (size) => Math.floor((size + 2) / 2);
  // The pixel at the middle of each cell.
  const middles = (side) => Int32Array.from({ length: GRID }, (_, cell) => Math.floor(((cell + 0.5) * side) / GRID));

  const DCT = new Float32Array(KEPT * GRID);
  const scale = fround(Math.sqrt(2 / GRID));
  for (let i = 0; i < KEPT; i++)
    for (let j = 0; j < GRID; j++) DCT[i * GRID + j] = scale * Math.cos((Math.PI / 2 / GRID) * (i + 1) * (2 * j + 1));

  // A running mean along one row; the window is cut off at both ends.
  function blurRow(source, target, size) {
    const length = source.length, half = halfOf(size);
    let sum = fround(0), count = 0, left = 0, right = 0, at = 0;
    for (; right < half - 1; right++) { sum = fround(sum + source[right]); count++; }
    for (; right < size; right++) { sum = fround(sum + source[right]); count++; target[at++] = fround(sum / count); }
    for (; right < length; right++) {
      sum = fround(sum + source[right]);
      sum = fround(sum - source[left++]);
      target[at++] = fround(sum / count);
    }
    for (; at < length;) { sum = fround(sum - source[left++]); count--; target[at++] = fround(sum / count); }
  }

  // The same mean down the columns, fed row by row; calls out with each finished row, which is valid until the next.
  class BlurDown {
    constructor(width, size, out) {
      Object.assign(this, { width, size, half: halfOf(size), out, taken: 0, left: 0, count: 0 });
      this.kept = new Float32Array(width * size);
      this.sums = new Float32Array(width);
      this.mean = new Float32Array(width);
    }
    take(row) {
      const { width, size, sums } = this, place = (this.taken % size) * width;
      if (this.taken < size) {
        for (let j = 0; j < width; j++) sums[j] = fround(sums[j] + row[j]);
        this.count++;
      } else {
        for (let j = 0; j < width; j++) sums[j] = fround(fround(sums[j] + row[j]) - this.kept[place + j]);
        this.left++;
      }
      this.kept.set(row, place);
      if (++this.taken >= this.half) this.give();
    }
    end() {
      for (let n = 1; n < this.half; n++) {
        const place = (this.left++ % this.size) * this.width;
        for (let j = 0; j < this.width; j++) this.sums[j] = fround(this.sums[j] - this.kept[place + j]);
        this.count--;
        this.give();
      }
    }
    give() {
      for (let j = 0; j < this.width; j++) this.mean[j] = fround(this.sums[j] / this.count);
      this.out(this.mean);
    }
  }

  // One picture over one ground: rows of brightness in, fingerprint out.
  class Hasher {
    constructor(width, height, turns) {
      this.turns = turns;
      this.rows = middles(height);
      this.columns = middles(width);
      this.across = windowOf(width);
      this.grid = new Float32Array(GRID * GRID);
      this.once = new Float32Array(width);
      this.twice = new Float32Array(width);
      this.picked = new Float32Array(GRID);
      this.given = this.filled = 0;
      this.darkest = 255;
      this.lightest = 0;
      const down = windowOf(height);
      this.second = new BlurDown(GRID, down, (row) => this.keep(row));
      this.first = new BlurDown(width, down, (row) => this.again(row));
    }
    take(brightness) {
      blurRow(brightness, this.once, this.across);
      this.first.take(this.once);
    }
    again(row) {
      blurRow(row, this.twice, this.across);
      for (let cell = 0; cell < GRID; cell++) this.picked[cell] = this.twice[this.columns[cell]];
      this.second.take(this.picked);
    }
    keep(row) {
      // A picture lower than the grid gives one row to several cells.
      for (; this.filled < GRID && this.rows[this.filled] === this.given; this.filled++)
        this.grid.set(row, this.filled * GRID);
      this.given++;
    }
    end() {
      this.first.end();
      this.second.end();
      const blank = this.lightest - this.darkest <= BLANK_RANGE;
      return { blank, quality: quality(this.grid), variants: variants(frequencies(this.grid), this.turns) };
    }
  }

  function quality(grid) {
    let sum = 0;
    const step = (a, b) => { sum += Math.abs(Math.trunc(fround(fround(fround(a - b) * 100) / 255))); };
    for (let i = 0; i < GRID - 1; i++)
      for (let j = 0; j < GRID; j++) step(grid[i * GRID + j], grid[(i + 1) * GRID + j]);
    for (let i = 0; i < GRID; i++)
      for (let j = 0; j < GRID - 1; j++) step(grid[i * GRID + j], grid[i * GRID + j + 1]);
    return Math.min(100, Math.floor(sum / 90));
  }

  // The lowest 16 × 16 frequencies, without the constant ones.
  function frequencies(grid) {
    const half = new Float32Array(KEPT * GRID), whole = new Float32Array(KEPT * KEPT);
    for (let i = 0; i < KEPT; i++)
      for (let j = 0; j < GRID; j++) {
        let sum = fround(0);
        for (let k = 0; k < GRID; k++) sum = fround(sum + fround(DCT[i * GRID + k] * grid[k * GRID + j]));
        half[i * GRID + j] = sum;
      }
    for (let i = 0; i < KEPT; i++)
      for (let j = 0; j < KEPT; j++) {
        let sum = fround(0);
        for (let k = 0; k < GRID; k++) sum = fround(sum + fround(half[i * GRID + k] * DCT[j * GRID + k]));
        whole[i * KEPT + j] = sum;
      }
    return whole;
  }

  // Turning a picture only changes signs of frequencies, and swaps rows with columns. [name, swapped?, negative?]
  const TURNS = [
    ["original", false, () => false],
    ["rotated_90", true, (i, j) => j % 2 === 0],
    ["rotated_180", false, (i, j) => (i + j) % 2 === 1],
    ["rotated_270", true, (i) => i % 2 === 0],
    ["flipped", false, (i) => i % 2 === 0],
    ["mirrored", false, (i, j) => j % 2 === 0],
    ["transposed", true, () => false],
    ["transversed", true, (i, j) => (i + j) % 2 === 1],
  ];

  function variants(original, turns) {
    const found = {};
    for (const [name, swapped, negative] of turns ? TURNS : TURNS.slice(0, 1)) {
      const turned = new Float32Array(KEPT * KEPT);
      for (let i = 0; i < KEPT; i++)
        for (let j = 0; j < KEPT; j++) {
          const value = original[i * KEPT + j];
          turned[swapped ? j * KEPT + i : i * KEPT + j] = negative(i, j) ? -value : value;
        }
      found[name] = bits(turned);
    }
    return found;
  }

  // 64 hex digits; the first frequency is the last bit. Of an even number of values the median is the lower one.
  function bits(values) {
    const median = Float32Array.from(values).sort()[values.length / 2 - 1];
    let hex = "";
    for (let k = values.length - 4; k >= 0; k -= 4) {
      let digit = 0;
      for (let bit = 3; bit >= 0; bit--) digit = digit * 2 + (values[k + bit] > median ? 1 : 0);
      hex += digit.toString(16);
    }
    return hex;
  }

  // How much of a colour is seen over the ground; rounded as Pillow does.
  function over(colour, ground, alpha) {
    const mixed = ground * (255 - alpha) + colour * alpha + 128;
    return ((mixed >> 8) + mixed) >> 8;
  }

  // A picture, in rows of RGBA: hashed over white and, where it may be see-through, over black.
  class Picture {
    constructor(width, height, mayBeClear, turns = true) {
      Object.assign(this, { width, height, clear: false });
      this.grounds = (mayBeClear ? [WHITE, BLACK] : [WHITE]).map((ground) => [ground, new Hasher(width, height, turns)]);
      this.brightness = new Float32Array(width);
    }
    take(rgba) {
      const { width, brightness } = this, row = width * 4;
      for (let from = 0; from < rgba.length; from += row)
        for (const [ground, hasher] of this.grounds) {
          let { darkest, lightest } = hasher;
          for (let j = 0, at = from; j < width; j++, at += 4) {
            let r = rgba[at], g = rgba[at + 1], b = rgba[at + 2];
            const alpha = rgba[at + 3];
            if (alpha !== 255) {
              this.clear = true;
              r = over(r, ground, alpha); g = over(g, ground, alpha); b = over(b, ground, alpha);
            }
            brightness[j] = r * 0.299 + g * 0.587 + b * 0.114;
            const grey = (r * 19595 + g * 38470 + b * 7471 + 32768) >> 16;
            if (grey < darkest) darkest = grey;
            if (grey > lightest) lightest = grey;
          }
          hasher.darkest = darkest;
          hasher.lightest = lightest;
          hasher.take(brightness);
        }
    }
    end() {
      const seen = (this.clear ? this.grounds : this.grounds.slice(0, 1)).map(([, hasher]) => hasher.end());
      const good = seen.filter((hashed) => !hashed.blank && hashed.quality >= LEAST_QUALITY);
      if (!good.length) return { unhashable: seen.every((hashed) => hashed.blank) ? "blank" : "low_quality" };
      const [first, other] = good, pdq = first.variants.original;
      const found = { pdq, quality: first.quality, width: this.width, height: this.height, variants: first.variants };
      if (other && other.variants.original !== pdq) found.on_black = other.variants.original;
      return found;
    }
  }

  // SHA-256 (FIPS 180-4), for where the browser keeps its own from us: pages without HTTPS.
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  const ROUND = Int32Array.from(primes, (p) => fraction(Math.cbrt(p)));
  const START = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));
  const turn = (x, n) => (x >>> n) | (x << (32 - n));

  // Taken in piece by piece, so that a film of any size needs little memory.
  class Sha256 {
    constructor() {
      this.state = Int32Array.from(START);
      this.words = new Int32Array(64);
      this.left = new Uint8Array(0);
      this.length = 0;
    }
    take(bytes) {
      this.length += bytes.length;
      let from = 0;
      if (this.left.length) {
        from = Math.min(bytes.length, 64 - this.left.length);
        const joined = new Uint8Array(this.left.length + from);
        joined.set(this.left);
        joined.set(bytes.subarray(0, from), this.left.length);
        this.left = joined;
        if (joined.length < 64) return;
        mix(this.state, this.words, joined, 0);
      }
      for (; from + 64 <= bytes.length; from += 64) mix(this.state, this.words, bytes, from);
      this.left = bytes.slice(from);
    }
    end() {
      const { left, length } = this, tail = new Uint8Array(left.length < 56 ? 64 : 128), view = new DataView(tail.buffer);
      tail.set(left);
      tail[left.length] = 0x80;
      view.setUint32(tail.length - 8, Math.floor(length / 0x20000000));
      view.setUint32(tail.length - 4, (length * 8) % 4294967296);
      for (let at = 0; at < tail.length; at += 64) mix(this.state, this.words, tail, at);
      return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
    }
  }
  function sha256(bytes) {
    const whole = new Sha256();
    whole.take(bytes);
    return whole.end();
  }

  function mix(s, w, bytes, from) {
    for (let i = 0, at = from; i < 16; i++, at += 4)
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15], b = w[i - 2];
      w[i] = (w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
    }
    let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + w[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h; // an Int32Array wraps
  }

  async function fileHash(buffer) {
    const subtle = globalThis.crypto && globalThis.crypto.subtle;
    if (!subtle) return sha256(new Uint8Array(buffer));
    const digest = new Uint8Array(await subtle.digest("SHA-256", buffer));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // What the page asks for, in this order: pictures one after another, files beside them.
  let picture = null, file = null;
  async function answer({ ask, value }) {
    if (ask === "sha256") return fileHash(value);
    if (ask === "file") file = new Sha256();
    if (ask === "bytes") file.take(new Uint8Array(value));
    if (ask === "file_end") return file.end();
    if (ask === "begin") {
      picture = null; // so that the one before never answers for one that fails here
      picture = new Picture(value.width, value.height, value.mayBeClear, value.turns);
    }
    if (ask === "rows") picture.take(new Uint8ClampedArray(value));
    return ask === "end" ? picture.end() : true;
  }

  return { answer, sha256, Sha256, Picture };
}
