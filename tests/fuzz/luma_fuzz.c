/* One plane of brightness from a few bytes of a fuzzer, of any sides, stride, weights and table, summed up by every
 * kernel for films that there is and by a plain reading of it; what the checks let through must touch no byte outside.
 * Any difference ends the process. With -DREPLAY there is a main instead of libFuzzer's way in:
 * luma_replay PLANES [FILE...] replays the files, then so many planes from a fixed seed, and prints a digest.
 */

#include <stddef.h>

typedef ptrdiff_t Py_ssize_t;
typedef struct {
  void *buf;
  Py_ssize_t len;
} Py_buffer;
#define PyExc_ValueError NULL
#define PyErr_SetString(kind, why) (void)(kind), (void)(why)
#define LUMA_WITHOUT_PYTHON
#include "../../src/zaoguang/fingerprint/_luma.c"

#include <stdio.h>

enum { SAMPLES_MOST = 1 << 12, ROOM = 4 * 1024 };

struct bytes {
  const uint8_t *at;
  size_t left;
};

static uint64_t digest = 0xcbf29ce484222325u;
static long summed;

static int next_byte(struct bytes *from) {
  if (!from->left) return 0;
  from->left--;
  return *from->at++;
}

static int next_side(struct bytes *from) {
  const int low = next_byte(from), high = next_byte(from);
  return low & 1 ? 1 + low / 2 : 1 + (low | (high & 7) << 8);
}

/* Memory of exactly that many bytes, so that a sanitizer sees the first one beyond. */
static void *exactly(size_t size) {
  void *room = malloc(size ? size : 1);
  if (!room) abort();
  return room;
}

/* Weights of a side and the first samples of its cells; mostly such as fit it, but not always. */
static void next_weights(struct bytes *from, int length, struct side *side) {
  const int form = next_byte(from), taps = 1 + next_byte(from) % (form & 1 ? 2 : 12);
  float *weights = exactly(sizeof(float) * GRID * (size_t)taps);
  int32_t *firsts = exactly(sizeof(int32_t) * GRID);
  uint32_t noise = 0x9e3779b9u ^ (uint32_t)form << 16 ^ (uint32_t)length;
  for (int k = 0; k < GRID * taps; k++) {
    noise ^= noise << 13, noise ^= noise >> 17, noise ^= noise << 5;
    weights[k] = noise & 1 ? 0.0f : (float)((int)(noise >> 8 & 1023) - (form & 2 ? 512 : 0)) / 97.0f;
  }
  for (int k = 0; k < GRID; k++) firsts[k] = length > taps ? k * (length - taps) / (GRID - 1) : 0;
  if ((form & 68) == 68) firsts[form >> 3 & 31] += (int8_t)next_byte(from);
  side->firsts = (Py_buffer){firsts, (Py_ssize_t)sizeof(int32_t) * GRID - (form == 255)};
  side->weights = (Py_buffer){weights, (Py_ssize_t)sizeof(float) * GRID * taps - (form == 254)};
}

static void plain(const struct work *in, float *grid) {
  float *line = exactly(sizeof(float) * (size_t)in->width);
  for (int i = 0; i < GRID; i++) {
    for (int x = 0; x < in->width; x++) {
      line[x] = 0;
      for (int tap = 0; tap < in->down_taps; tap++) {
        const uint8_t *row = in->plane + (in->down_first[i] + tap) * in->stride;
        const uint32_t sample = in->wide ? row[2 * x] | (uint32_t)row[2 * x + 1] << 8 : row[x];
        const float weight = in->down[i * in->down_taps + tap];
        if (weight != 0.0f) line[x] += weight * (in->table ? in->table[sample & in->mask] : (float)sample);
      }
    }
    for (int j = 0; j < GRID; j++) {
      float sum = 0;
      for (int tap = 0; tap < in->across_taps; tap++)
        sum += in->across[j * in->across_taps + tap] * line[in->across_first[j] + tap];
      grid[i * GRID + j] = sum;
    }
  }
  free(line);
}

static void sum_up_everywhere(struct work *in) {
  struct level levels[3];
  static float expected[GRID * GRID], grid[GRID * GRID];
  plain(in, expected);
  for (int n = levels_here(levels) - 1; n >= 0; n--) {
    in->lines = exactly(sizeof(float) * BLOCK * (size_t)in->width);
    levels[n].sum_up(in, grid);
    free(in->lines);
    if (memcmp(grid, expected, sizeof grid)) {
      fprintf(stderr, "%s differs at %d x %d\n", levels[n].name, in->height, in->width);
      abort();
    }
  }
  for (size_t k = 0; k < sizeof expected; k++) digest = (digest ^ ((uint8_t *)expected)[k]) * 0x100000001b3u;
  summed++;
}

static void try_one(const uint8_t *data, size_t size) {
  struct bytes from = {data, size};
  struct work in = {0};
  struct side down, across;
  in.height = next_side(&from), in.width = next_side(&from);
  if (in.height * in.width > SAMPLES_MOST) in.height = 1 + SAMPLES_MOST / in.width;
  const int form = next_byte(&from), gap = next_byte(&from);
  in.wide = form & 1;
  in.stride = in.width * (1 + in.wide) + ((form & 66) == 66 ? (int8_t)gap : 2 * (gap % 32));
  const int64_t all = (in.height - 1) * in.stride + in.width * (1 + in.wide) - ((form & 132) == 132 ? next_byte(&from) : 0);
  const Py_buffer plane = {exactly(all > 0 ? (size_t)all : 0), all > 0 ? all : 0};
  const int entries = form & 8 ? 1 << (form >> 4 & 7) * 2 : 0;
  const Py_buffer table = {exactly(sizeof(float) * (size_t)entries), (Py_ssize_t)sizeof(float) * entries - (form == 15)};
  for (int k = 0; k < entries; k++) ((float *)table.buf)[k] = (float)(k * 7 % 256);
  next_weights(&from, in.height, &down);
  next_weights(&from, in.width, &across);
  for (Py_ssize_t k = 0; k < plane.len; k++)
    ((uint8_t *)plane.buf)[k] = (uint8_t)((from.left ? from.at[(size_t)k % from.left] : 91) + k * 31);
  in.plane = plane.buf;
  if (!plane_fits(&plane, in.height, in.width, in.stride, in.wide) && !table_fits(&table, &in) &&
      !side_fits(&down, in.height) && !side_fits(&across, in.width)) {
    in.down_first = down.firsts.buf, in.down = down.weights.buf, in.down_taps = down.taps;
    in.across_first = across.firsts.buf, in.across = across.weights.buf, in.across_taps = across.taps;
    sum_up_everywhere(&in);
  }
  free(plane.buf), free(table.buf);
  free(down.firsts.buf), free(down.weights.buf), free(across.firsts.buf), free(across.weights.buf);
}

#ifdef REPLAY
int main(int count, char **words) {
  uint32_t noise = 20240607;
  uint8_t held[ROOM];
  for (int n = 2; n < count; n++) {
    FILE *file = fopen(words[n], "rb");
    if (!file) return 2;
    try_one(held, fread(held, 1, sizeof held, file));
    fclose(file);
  }
  for (int n = count > 1 ? atoi(words[1]) : 0; n > 0; n--) {
    for (size_t k = 0; k < 32; k++) held[k] = (uint8_t)((noise = noise * 1664525u + 1013904223u) >> 24);
    try_one(held, 32);
  }
  printf("%ld %016llx\n", summed, (unsigned long long)digest);
  return 0;
}
#else
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try_one(data, size);
  return 0;
}
#endif
