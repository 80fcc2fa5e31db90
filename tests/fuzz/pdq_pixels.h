/* One hostile-looking picture from a few bytes of a fuzzer, hashed by every kernel there is and by a plain reading of
 * the standard; any difference, or any byte touched outside the picture, ends the process.
 *
 * The bytes: height and width (a form byte and two bytes each), what the pixels are like, how they are handed over;
 * what is left is the pixels' own pattern.
 */

#define PDQ_WITHOUT_PYTHON
#include "../../src/zaoguang/fingerprint/_pdq.c"

#include <stdio.h>

enum { PIXELS_MOST = 1 << 12, HEAD = 8 };

struct bytes {
  const uint8_t *at;
  size_t left;
};

static int next_byte(struct bytes *from) {
  if (!from->left) return 0;
  from->left--;
  return *from->at++;
}

/* Sides around what matters: strips of 4, 8 and 16, the grid of 64, boxes of two and three, and long thin ones. */
static int side_from(int form, int low, int high) {
  static const int near[] = {1, 4, 5, 8, 16, 32, 48, 63, 64, 65, 80, 96, 127, 128, 129, 192, 255, 256, 257, 384};
  if (form & 1) return near[low % (int)(sizeof near / sizeof *near)] + high % 3;
  return 1 + (form & 2 ? low | (high & 15) << 8 : low % 140);
}

static void fill(uint8_t *pixels, size_t size, int like, struct bytes pattern) {
  uint32_t noise = 0x9e3779b9u ^ (uint32_t)like;
  for (size_t n = 0; n < size; n++) {
    const uint8_t own = pattern.left ? pattern.at[n % pattern.left] : (uint8_t)like;
    noise ^= noise << 13, noise ^= noise >> 17, noise ^= noise << 5;
    switch (like % 5) {
      case 0: pixels[n] = own; break;
      case 1: pixels[n] = (uint8_t)(own ^ noise >> 11); break;
      case 2: pixels[n] = (uint8_t)(own + n * 255 / size); break;
      case 3: pixels[n] = noise >> 7 & 1 ? own : (uint8_t)~own; break;
      default: pixels[n] = (uint8_t)(own & noise >> 9); break;
    }
  }
}

/* A picture handed over in pieces, each in memory of exactly its size that is gone when the next one comes. */
struct pieces {
  struct picture picture; /* first, as in `struct given` */
  const uint8_t *whole;
  uint8_t *piece;
  int strips;
};

static int piece_of(struct picture *in) {
  struct pieces *from = (struct pieces *)in;
  const size_t row = (size_t)in->width * (in->grey ? 1 : 3);
  in->first += in->rows;
  const int left = in->height - in->first;
  if (left <= 0) return -1;
  in->rows = from->strips * STRIP < left ? from->strips * STRIP : left;
  free(from->piece);
  from->piece = malloc((size_t)in->rows * row);
  if (!from->piece) return -1;
  memcpy(from->piece, from->whole + (size_t)in->first * row, (size_t)in->rows * row);
  in->pixels = from->piece;
  return 0;
}

/* The standard, read plainly: the same additions in the same order, one after the other. `by`: from item to item. */
static void plain_box(float *items, int length, int by) {
  const int window = (length + 2 * GRID - 1) / (2 * GRID), lag = (window + 2) / 2 - 1;
  float *given = malloc(sizeof(float) * (size_t)length), sum = 0;
  if (!given) abort();
  for (int n = 0; n < length; n++) given[n] = items[(size_t)n * (size_t)by];
  for (int step = 0; step < length + lag; step++) {
    if (step < length) sum += given[step];
    if (step >= window) sum -= given[step - window];
    const int first = step >= window ? step - window + 1 : 0, last = step < length ? step : length - 1;
    if (step >= lag) items[(size_t)(step - lag) * (size_t)by] = sum / (float)(last - first + 1);
  }
  free(given);
}

static void plain_grid(const uint8_t *pixels, int height, int width, int grey, float grid[GRID][GRID]) {
  float *luma = malloc(sizeof(float) * (size_t)height * (size_t)width);
  if (!luma) abort();
  for (int n = 0; n < height * width; n++) {
    const uint8_t *p = pixels + (size_t)n * (grey ? 1 : 3);
    luma[n] = grey ? p[0] : (float)(0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]);
  }
  if (height == GRID && width == GRID) {
    memcpy(grid, luma, sizeof(float) * GRID * GRID);
  } else {
    for (int pass = 0; pass < 2; pass++) {
      for (int row = 0; row < height; row++) plain_box(luma + (size_t)row * (size_t)width, width, 1);
      for (int column = 0; column < width; column++) plain_box(luma + column, height, width);
    }
    for (int i = 0; i < GRID; i++)
      for (int j = 0; j < GRID; j++)
        grid[i][j] = luma[(size_t)((i + 0.5) * height / GRID) * (size_t)width + (size_t)((j + 0.5) * width / GRID)];
  }
  free(luma);
}

static void must(int holds, const char *what, const char *level, int height, int width) {
  if (holds) return;
  fprintf(stderr, "%s: %s at %d x %d\n", level, what, height, width);
  abort();
}

/* `whole` as that many strips a piece; 0: as one buffer. */
static struct pieces given_as(const uint8_t *whole, int height, int width, int grey, int strips) {
  struct pieces given = {.picture = {.height = height, .width = width, .grey = grey}, .whole = whole, .strips = strips};
  if (strips) {
    given.picture.more = piece_of;
  } else {
    given.picture.pixels = whole;
    given.picture.rows = height;
  }
  return given;
}

/* The decimated grid by that level must be the plain one to the last bit of every float. */
static void same_grid(const struct level *level, struct pieces given, float plain[GRID][GRID]) {
  float grid[GRID][GRID];
  const int height = given.picture.height, width = given.picture.width, small = height == GRID && width == GRID;
  const int failed = small ? copied(&given.picture, grid) : filtered(&given.picture, level->decimated, grid);
  free(given.piece);
  must(!failed, "failed", level->name, height, width);
  must(!memcmp(grid, plain, sizeof grid), "another grid", level->name, height, width);
}

/* FNV-1a of all that was worked out, so that one processor can be compared with another. */
static uint64_t digest = 0xcbf29ce484222325u;

static void note(const void *bytes, size_t size) {
  for (size_t n = 0; n < size; n++) digest = (digest ^ ((const uint8_t *)bytes)[n]) * 0x100000001b3u;
}

/* The whole way, hashes and quality too: dear, so only now and then. */
static void same_hashes(const struct level *level, struct pieces given, float plain[GRID][GRID]) {
  uint8_t hashes[TURNS][HASH], expected[TURNS][HASH];
  float waves[WAVES][WAVES];
  int quality;
  const int failed = hashed(&given.picture, level->decimated, hashes, &quality);
  free(given.piece);
  must(!failed, "failed", level->name, given.picture.height, given.picture.width);
  hashes_of(plain, waves, expected);
  must(!memcmp(hashes, expected, sizeof hashes), "other bits", level->name, given.picture.height, given.picture.width);
  note(hashes, sizeof hashes);
  must(quality == quality_of(plain), "other quality", level->name, given.picture.height, given.picture.width);
}

/* A band of a few weights, from the pixels; `numbers` has room for GRID x 8. */
static struct band any_band(const uint8_t *pixels, int samples, int32_t *numbers) {
  struct band band = {.length = 1 + pixels[0] % 8, .weights = numbers};
  if (band.length > samples) band.length = samples;
  for (int k = 0; k < GRID; k++)
    band.starts[k] = (int32_t)((unsigned)k * 2654435761u % (unsigned)(samples - band.length + 1));
  for (int n = 0; n < GRID * band.length; n++) numbers[n] = (pixels[n % 8] - 100) * 83 + n;
  return band;
}

/* A cell of a picture decoded at a smaller scale, in whole numbers. */
static float plain_cell(const struct samples *in, int i, int j) {
  int64_t cell = 0;
  for (int y = 0; y < in->down.length; y++)
    for (int x = 0; x < in->across.length; x++) {
      const int64_t place = (int64_t)(in->down.starts[i] + y) * in->width + in->across.starts[j] + x;
      const uint8_t *p = in->pixels + place * in->channels;
      const int64_t luma = in->channels == 1 ? 1000 * p[0] : 299 * p[0] + 587 * p[1] + 114 * p[2];
      cell += luma * in->down.weights[i * in->down.length + y] * in->across.weights[j * in->across.length + x];
    }
  return (float)((double)cell / (1000 * BAND_ONE * BAND_ONE));
}

/* The same bytes as a picture decoded at a smaller scale: every level gives the plain cells. */
static void same_cells(const struct level *level, const uint8_t *pixels, int height, int width, int grey) {
  struct samples in = {.height = height, .width = grey ? width : width * 3 / 4, .channels = grey ? 1 : 4};
  const size_t bytes = (size_t)height * (size_t)in.width * (size_t)in.channels;
  uint8_t *copy = malloc(bytes);
  int32_t numbers[2][GRID * 8];
  float grid[GRID][GRID];
  struct steps steps = {0, 0};
  if (!copy) abort();
  memcpy(copy, pixels, bytes);
  in.pixels = copy;
  in.down = any_band(pixels, height, numbers[0]);
  in.across = any_band(pixels + 8, in.width, numbers[1]);
  must(!scaled(&in, level->scaled, grid, &steps), "failed", level->name, height, in.width);
  for (int i = 0; i < GRID; i++)
    for (int j = 0; j < GRID; j++)
      must(grid[i][j] == plain_cell(&in, i, j), "another cell", level->name, height, in.width);
  must(steps.clipped >= 0 && steps.clipped <= steps.all, "other steps", level->name, height, in.width);
  swap_sides(grid);
  free(copy);
}

static void every_kernel_says_the_same(const uint8_t *pixels, int height, int width, int grey, int way) {
  float plain[GRID][GRID];
  struct level levels[3];
  if (height < SIDE_LEAST || width < SIDE_LEAST) return;
  plain_grid(pixels, height, width, grey, plain);
  note(plain, sizeof plain);
  const int count = levels_here(levels), strips = way & 3;
  for (int n = 0; n < count; n++)
    same_grid(&levels[n], given_as(pixels, height, width, grey, (strips + n) % 4), plain);
  if (way & 4)
    for (int n = 0; n < count; n++) same_cells(&levels[n], pixels, height, width, grey);
  if (way >> 2 == 1) same_hashes(&levels[count - 1], given_as(pixels, height, width, grey, strips), plain);
}

/* A grid as py_grid_hashes lets it through: any finite floats up to 1024. Nothing to compare with: it must be sound. */
static void any_grid(struct bytes pattern) {
  float grid[GRID][GRID], waves[WAVES][WAVES];
  uint8_t hashes[TURNS][HASH];
  for (int n = 0; n < GRID * GRID; n++) {
    uint32_t bits = 0;
    for (int k = 0; k < 4; k++) bits = bits << 8 | (pattern.left ? pattern.at[(size_t)(4 * n + k) % pattern.left] : 0);
    float value;
    memcpy(&value, &bits, sizeof value);
    (&grid[0][0])[n] = fabsf(value) <= 1024.0f ? value : 0.0f;
  }
  const int quality = quality_of(grid);
  must(quality >= 0 && quality <= 100, "quality out of range", "grid", GRID, GRID);
  hashes_of(grid, waves, hashes);
}

static void try_one(const uint8_t *data, size_t size) {
  struct bytes from = {data, size};
  int head[HEAD];
  for (int n = 0; n < HEAD; n++) head[n] = next_byte(&from);
  if (head[6] == 255) {
    any_grid(from);
    return;
  }
  const int height = side_from(head[0], head[1], head[2]), grey = head[6] & 1;
  int width = side_from(head[3], head[4], head[5]);
  if (height * width > PIXELS_MOST) width = PIXELS_MOST / height > 0 ? PIXELS_MOST / height : 1;
  const size_t bytes = (size_t)height * (size_t)width * (grey ? 1 : 3);
  uint8_t *pixels = malloc(bytes); /* exactly that many, so that the sanitizer sees the first byte beyond */
  if (!pixels) abort();
  fill(pixels, bytes, head[7], from);
  every_kernel_says_the_same(pixels, height, width, grey, head[6] >> 1);
  free(pixels);
}
