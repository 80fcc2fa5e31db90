/* PDQ of 8-bit pixels, the same bits as pdqhash 0.2.8 on x86-64: see docs/decisions/0006-own-pdq.md.
 *
 * Every float32 operation below is one that pdqhash does, on the same operands in the same order, so this file must be
 * compiled without contraction (-ffp-contract=off) and never with -ffast-math. kernel_numpy.py does the same in NumPy.
 * It is written from the published description (Meta, "PDQ & TMK + PDQF", 2019) and from what pdqhash computes.
 */

#ifndef PDQ_WITHOUT_PYTHON /* tests/fuzz takes only what needs no Python, to put it under sanitizers */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#endif

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if !defined(__GNUC__)
#error "This needs GCC or Clang; without it, the NumPy kernel does the work."
#endif
#if defined(__FAST_MATH__)
#error "The bits depend on the order of additions; -ffast-math changes it."
#endif

enum { GRID = 64, WAVES = 16, BITS = 256, HASH = 32, TURNS = 8, SIDE_LEAST = 5, SIDE_MOST = 1 << 20 };
enum { READ_AHEAD = 64, STRIP = 16 }; /* bytes from a vector's first; rows of the largest strip */

#define ROUND_UP(n, to) (((n) + (to)-1) / (to) * (to))

/* A picture, of which some rows are here and more may be asked for: whole strips (multiples of STRIP rows) but at the
 * end. `more` gives 0, or -1 with a Python exception set; it is NULL when all rows are here. */
struct picture {
  const uint8_t *pixels;
  int height, width, grey;
  int first, rows; /* which rows are here */
  int (*more)(struct picture *);
};

/* Get the row `top` here; 0, or -1. */
static int reach(struct picture *in, int top) {
  while (top >= in->first + in->rows)
    if (!in->more || in->more(in) < 0) return -1;
  return 0;
}

/* One axis of the filter: its box, what each step's sum is divided by, and which 64 items are kept. */
struct axis {
  int length, window, lag;
  int kept[GRID];
  float *counts, *inverses; /* by step */
};

struct last_slide {
  float *ring; /* window x GRID */
  float sums[GRID];
  int next;
};

static int axis_begins(struct axis *axis, int length) {
  axis->length = length;
  axis->window = (length + 2 * GRID - 1) / (2 * GRID);
  axis->lag = (axis->window + 2) / 2 - 1;
  for (int k = 0; k < GRID; k++) axis->kept[k] = (int)((k + 0.5) * length / GRID);
  const int steps = length + 2 * axis->lag + 64; /* more than any strip reads */
  axis->counts = malloc(sizeof(float) * (size_t)steps);
  axis->inverses = malloc(sizeof(float) * (size_t)steps);
  if (!axis->counts || !axis->inverses) return -1;
  for (int step = 0; step < steps; step++) {
    const int first = step - axis->window + 1 > 0 ? step - axis->window + 1 : 0;
    const int last = step < length ? step : length - 1;
    axis->counts[step] = (float)(last >= first ? last - first + 1 : 1);
    axis->inverses[step] = 1.0f / axis->counts[step];
  }
  return 0;
}

static void axis_ends(struct axis *axis) {
  free(axis->counts);
  free(axis->inverses);
}

static int last_slide_begins(struct last_slide *last, const struct axis *down) {
  memset(last, 0, sizeof *last);
  last->ring = calloc((size_t)down->window * GRID, sizeof(float));
  return last->ring ? 0 : -1;
}

static void last_slide_ends(struct last_slide *last) { free(last->ring); }

/* Add one row of 64 (`pitch` floats apart; NULL: below the picture), in order; rows that are no picture's are skipped. */
static void last_slide_takes(struct last_slide *last, const struct axis *down, int row, const float *values, int pitch,
                             float grid[GRID][GRID]) {
  if (row < 0 || (values && row >= down->length)) return;
  float *held = last->ring + (size_t)(row % down->window) * GRID;
  for (int k = 0; k < GRID; k++) {
    const float value = values ? values[(size_t)k * (size_t)pitch] : 0.0f;
    last->sums[k] += value;
    last->sums[k] -= held[k];
    held[k] = value;
  }
  while (last->next < GRID && down->kept[last->next] == row - down->lag) {
    for (int k = 0; k < GRID; k++) grid[last->next][k] = last->sums[k] / down->counts[row];
    last->next++;
  }
}

/* What a colour, 0-255, is above or below when it may be cut off; rows of which steps are taken; their unit, 256 of
 * luma's thousandths. */
enum { EDGE = 3, ROWS_LOOKED_AT = 128, STEP_SHIFT = 8, ABREAST = 8 };

#define BAND_ONE 65536.0 /* what the weights of a cell come to */

/* One axis of a picture decoded at a smaller scale: at which sample each cell begins, and what its samples weigh. */
struct band {
  int length; /* of a cell */
  int32_t starts[GRID];
  const int32_t *weights;
};

/* A picture decoded at a smaller scale; `channels`: 4 (red, green, blue, and one that means nothing) or 1. */
struct samples {
  const uint8_t *pixels;
  int height, width, channels;
  struct band down, across;
};

/* Sums of squares of the steps in brightness along a row: beside a colour that is cut off, and all. */
struct steps {
  int64_t clipped, all;
};

#define LANES 4
#define TARGET
#define NAME(x) x##_portable
#include "_pdq_passes.h"
#include "_pdq_scaled.h"
#undef TARGET
#undef NAME

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define TARGET __attribute__((target("avx2,fma")))
#define NAME(x) x##_avx2
#include "_pdq_passes.h"
#include "_pdq_scaled.h"
#undef TARGET
#undef NAME

#define LANES 16
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#define NAME(x) x##_avx512
#include "_pdq_passes.h"
#include "_pdq_scaled.h"
#undef TARGET
#undef NAME
#endif

typedef int (*decimated_t)(struct picture *, const struct axis *, const struct axis *, float[GRID][GRID]);
typedef void (*scaled_t)(const struct samples *, double *, int32_t *, float[GRID][GRID], struct steps *);

struct level {
  const char *name;
  decimated_t decimated;
  scaled_t scaled;
};

/* What this processor can do, slowest first. */
static int levels_here(struct level levels[3]) {
  int n = 0;
  levels[n++] = (struct level){"portable", decimated_portable, scaled_portable};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    levels[n++] = (struct level){"avx2", decimated_avx2, scaled_avx2};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      levels[n++] = (struct level){"avx512", decimated_avx512, scaled_avx512};
  }
#endif
  return n;
}

/* Sum of the marked steps in brightness between neighbours, each cut to a whole percentage; 0-100. */
static int quality_of(float grid[GRID][GRID]) {
  int sum = 0;
  for (int i = 0; i < GRID; i++)
    for (int j = 0; j < GRID; j++) {
      if (i + 1 < GRID) sum += abs((int)((grid[i][j] - grid[i + 1][j]) * 100 / 255));
      if (j + 1 < GRID) sum += abs((int)((grid[i][j] - grid[i][j + 1]) * 100 / 255));
    }
  return sum / 90 < 100 ? sum / 90 : 100;
}

static float cosines[GRID][WAVES]; /* [place][wave], filled once at import */

static void fill_cosines(void) {
  const float scale = (float)sqrt(2.0 / GRID);
  const double pi = 3.14159265358979323846;
  for (int wave = 0; wave < WAVES; wave++)
    for (int place = 0; place < GRID; place++)
      cosines[place][wave] = (float)(scale * cos(pi / 2.0 / GRID * (wave + 1) * (2 * place + 1)));
}

/* The 16 x 16 lowest waves but the flat ones: C A C^T, summed from the first place to the last. */
static void waves_of(float grid[GRID][GRID], float waves[WAVES][WAVES]) {
  for (int i = 0; i < WAVES; i++) {
    float row[GRID] = {0};
    for (int place = 0; place < GRID; place++)
      for (int j = 0; j < GRID; j++) row[j] += cosines[place][i] * grid[place][j];
    for (int j = 0; j < WAVES; j++) waves[i][j] = 0;
    for (int place = 0; place < GRID; place++)
      for (int j = 0; j < WAVES; j++) waves[i][j] += row[place] * cosines[place][j];
  }
}

/* The waves of the picture turned each way, in the order of ORIENTATIONS: transposed or not, and odd waves or even
 * ones with the other sign, along either side. */
static void turn_waves(float in[WAVES][WAVES], int turn, float out[WAVES][WAVES]) {
  /* by wave number - 1: which get the other sign; 1: even, 2: odd, of row i, of column j of `in` */
  static const struct { int across, i, j; } ways[TURNS] = {{0, 0, 0}, {1, 0, 1}, {0, 2, 2}, {1, 1, 0},
                                                           {0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {1, 2, 2}};
  for (int i = 0; i < WAVES; i++)
    for (int j = 0; j < WAVES; j++) {
      const int other = (ways[turn].i == 1 ? !(i & 1) : ways[turn].i == 2 ? (i & 1) : 0) ^
                        (ways[turn].j == 1 ? !(j & 1) : ways[turn].j == 2 ? (j & 1) : 0);
      out[ways[turn].across ? j : i][ways[turn].across ? i : j] = other ? -in[i][j] : in[i][j];
    }
}

/* The 128th smallest of 256, by halving the range of their order-keeping whole numbers 32 times. */
static float lower_median(const float *values) {
  uint32_t keys[BITS], found = 0;
  for (int n = 0; n < BITS; n++) {
    const float value = values[n] + 0.0f; /* -0 becomes 0 */
    memcpy(&keys[n], &value, sizeof value);
    keys[n] = keys[n] & 0x80000000u ? ~keys[n] : keys[n] | 0x80000000u;
  }
  for (uint32_t bit = 0x80000000u; bit; bit >>= 1) {
    int below = 0;
    for (int n = 0; n < BITS; n++) below += keys[n] < (found | bit);
    if (below < BITS / 2) found |= bit;
  }
  float median;
  found = found & 0x80000000u ? found & 0x7fffffffu : ~found;
  memcpy(&median, &found, sizeof median);
  return median;
}

static void hash_of(float waves[WAVES][WAVES], uint8_t hash[HASH]) {
  const float *value = &waves[0][0], median = lower_median(value);
  memset(hash, 0, HASH);
  for (int n = 0; n < BITS; n++) hash[HASH - 1 - n / 8] |= (uint8_t)((value[n] > median) << n % 8);
}

static void hashes_of(float grid[GRID][GRID], float waves[WAVES][WAVES], uint8_t hashes[TURNS][HASH]) {
  float turned[WAVES][WAVES];
  waves_of(grid, waves);
  for (int turn = 0; turn < TURNS; turn++) {
    turn_waves(waves, turn, turned);
    hash_of(turned, hashes[turn]);
  }
}

/* A picture of just the grid's size is taken as it is: so does pdqhash.compute (its compute_dihedral filters it). */
static int copied(struct picture *in, float grid[GRID][GRID]) {
  for (int i = 0; i < GRID; i++) {
    if (reach(in, i) < 0) return -1;
    const uint8_t *p = in->pixels + (i - in->first) * GRID * (in->grey ? 1 : 3);
    for (int j = 0; j < GRID; j++, p += in->grey ? 1 : 3)
      grid[i][j] = in->grey ? p[0] : (float)(299 * p[0] + 587 * p[1] + 114 * p[2]) / 1000.0f;
  }
  return 0;
}

static int filtered(struct picture *in, decimated_t decimated, float grid[GRID][GRID]) {
  struct axis across = {0}, down = {0};
  int failed = axis_begins(&across, in->width) || axis_begins(&down, in->height);
  if (!failed) failed = decimated(in, &across, &down, grid);
  axis_ends(&across);
  axis_ends(&down);
  return failed;
}

/* Eight hashes and the quality of a picture; 0, or -1 with an exception set or without enough memory. */
static int hashed(struct picture *in, decimated_t decimated, uint8_t hashes[TURNS][HASH], int *quality) {
  float grid[GRID][GRID], waves[WAVES][WAVES];
  memset(hashes, 0, (size_t)TURNS * HASH);
  *quality = 0;
  if (in->height < SIDE_LEAST || in->width < SIDE_LEAST) return 0; /* as pdqhash: nothing to hash */
  const int small = in->height == GRID && in->width == GRID;
  if (small ? copied(in, grid) : filtered(in, decimated, grid)) return -1;
  *quality = quality_of(grid);
  hashes_of(grid, waves, hashes);
  return 0;
}

/* Put rows for columns: the picture stands on its side. */
static void swap_sides(float grid[GRID][GRID]) {
  for (int i = 0; i < GRID; i++)
    for (int j = 0; j < i; j++) {
      const float held = grid[i][j];
      grid[i][j] = grid[j][i];
      grid[j][i] = held;
    }
}

/* The cells of a picture decoded at a smaller scale; 0, or -1 without enough memory. */
static int scaled(const struct samples *in, scaled_t way, float grid[GRID][GRID], struct steps *steps) {
  double *sums = calloc((size_t)GRID * (size_t)in->width, sizeof(double));
  int32_t *luma = malloc(sizeof(int32_t) * 2 * (size_t)in->width);
  const int ready = sums && luma;
  if (ready) way(in, sums, luma, grid, steps);
  free(sums), free(luma);
  return ready ? 0 : -1;
}

#ifndef PDQ_WITHOUT_PYTHON

#include "../_levels.h"

/* A picture that Python gives as one buffer, or piece by piece. */
struct given {
  struct picture picture; /* first, so that a pointer to it is one to the whole */
  PyObject *pieces;       /* an iterator, or NULL */
  Py_buffer view;
  int held; /* whether the view is */
  PyThreadState *state;
};

static int take(struct given *given, PyObject *pixels) {
  struct picture *in = &given->picture;
  const Py_ssize_t row = (Py_ssize_t)in->width * (in->grey ? 1 : 3);
  if (PyObject_GetBuffer(pixels, &given->view, PyBUF_SIMPLE) < 0) return -1;
  given->held = 1;
  const int64_t rows = given->view.len / row, end = in->first + rows;
  if (given->view.len % row || !rows || end > in->height || (end < in->height && (rows % STRIP || !given->pieces))) {
    PyErr_SetString(PyExc_ValueError, "the pixels do not fill height x width x channels");
    return -1;
  }
  in->pixels = given->view.buf;
  in->rows = (int)rows;
  return 0;
}

/* Let go of the piece that is here and take the next, with the interpreter's lock held for as long as that. */
static int next_piece(struct picture *in) {
  struct given *given = (struct given *)in;
  int failed = -1;
  PyEval_RestoreThread(given->state);
  if (given->held) PyBuffer_Release(&given->view);
  given->held = 0;
  in->first += in->rows;
  in->rows = 0;
  PyObject *piece = PyIter_Next(given->pieces);
  if (piece) {
    failed = take(given, piece);
    Py_DECREF(piece); /* the view holds it */
  } else if (!PyErr_Occurred()) {
    PyErr_SetString(PyExc_ValueError, "the pixels do not fill height x width x channels");
  }
  given->state = PyEval_SaveThread();
  return failed;
}

/* hashes(pixels, height, width, channels, level) -> (256 bytes: eight hashes, quality)
 *
 * pixels: a buffer, or an iterator of buffers, each of whole rows, a multiple of 16 of them but the last. */
static PyObject *py_hashes(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *pixels;
  int height, width, channels, number, quality = 0, failed = 0;
  uint8_t hashes[TURNS][HASH];
  struct level level;
  if (!PyArg_ParseTuple(args, "Oiiii", &pixels, &height, &width, &channels, &number)) return NULL;
  if (height < 1 || height > SIDE_MOST || width < 1 || width > SIDE_MOST || (channels != 1 && channels != 3)) {
    PyErr_SetString(PyExc_ValueError, "the pixels do not fill height x width x channels");
    return NULL;
  }
  if (level_of(number, &level) < 0) return NULL;
  struct given given = {.picture = {.height = height, .width = width, .grey = channels == 1}};
  if (PyIter_Check(pixels)) {
    given.pieces = pixels;
    given.picture.more = next_piece;
  } else {
    failed = take(&given, pixels);
  }
  if (!failed) {
    given.state = PyEval_SaveThread();
    failed = hashed(&given.picture, level.decimated, hashes, &quality);
    PyEval_RestoreThread(given.state);
  }
  if (given.held) PyBuffer_Release(&given.view);
  if (failed) return PyErr_Occurred() ? NULL : PyErr_NoMemory();
  return Py_BuildValue("y#i", (char *)hashes, (Py_ssize_t)sizeof hashes, quality);
}

/* grid_hashes(grid) -> (256 bytes, quality): from 64 x 64 float32 that are decimated already */
static PyObject *py_grid_hashes(PyObject *module, PyObject *given) {
  (void)module;
  float grid[GRID][GRID], waves[WAVES][WAVES];
  uint8_t hashes[TURNS][HASH];
  Py_buffer view;
  if (PyObject_GetBuffer(given, &view, PyBUF_SIMPLE) < 0) return NULL;
  const int fits = view.len == (Py_ssize_t)sizeof grid;
  if (fits) memcpy(grid, view.buf, sizeof grid);
  PyBuffer_Release(&view);
  if (!fits) {
    PyErr_SetString(PyExc_ValueError, "a grid is 64 x 64 float32");
    return NULL;
  }
  for (int n = 0; n < GRID * GRID; n++)
    if (!(fabsf((&grid[0][0])[n]) <= 1024.0f)) { /* refuses NaN too, whose order is undefined */
      PyErr_SetString(PyExc_ValueError, "a grid holds brightness, 0-255");
      return NULL;
    }
  hashes_of(grid, waves, hashes);
  return Py_BuildValue("y#i", (char *)hashes, (Py_ssize_t)sizeof hashes, quality_of(grid));
}

/* Read a band: 64 starts, then as many weights for each; 0, or -1 where it reaches out of `samples`. */
static int take_band(struct band *band, const Py_buffer *view, int samples) {
  const int64_t numbers = view->len / (int64_t)sizeof(int32_t);
  if (view->len % (int64_t)sizeof(int32_t) || numbers <= GRID || numbers % GRID) return -1;
  const int64_t length = numbers / GRID - 1;
  if (length > samples) return -1;
  memcpy(band->starts, view->buf, sizeof band->starts);
  band->length = (int)length;
  band->weights = (const int32_t *)view->buf + GRID;
  for (int k = 0; k < GRID; k++)
    if (band->starts[k] < 0 || band->starts[k] > samples - length) return -1;
  return 0;
}

/* scaled_hashes(samples, height, width, channels, down, across, swapped, level)
 * -> (256 bytes, quality, waves: 256 float32, clipped, all) */
static PyObject *py_scaled_hashes(PyObject *module, PyObject *args) {
  (void)module;
  Py_buffer pixels, down, across;
  int swapped, number, quality = 0, failed = 0;
  struct samples in = {0};
  struct steps steps = {0};
  struct level level;
  float grid[GRID][GRID], waves[WAVES][WAVES];
  uint8_t hashes[TURNS][HASH];
  if (!PyArg_ParseTuple(args, "y*iiiy*y*pi", &pixels, &in.height, &in.width, &in.channels, &down, &across, &swapped,
                        &number))
    return NULL;
  const int fits = in.height >= 1 && in.height <= SIDE_MOST && in.width >= 1 && in.width <= SIDE_MOST &&
                   (in.channels == 1 || in.channels == 4) &&
                   pixels.len == (int64_t)in.height * in.width * in.channels &&
                   !take_band(&in.down, &down, in.height) && !take_band(&in.across, &across, in.width);
  const int known = level_of(number, &level) == 0;
  if (fits && known) {
    in.pixels = pixels.buf;
    PyThreadState *state = PyEval_SaveThread();
    failed = scaled(&in, level.scaled, grid, &steps);
    if (!failed) {
      if (swapped) swap_sides(grid);
      quality = quality_of(grid);
      hashes_of(grid, waves, hashes);
    }
    PyEval_RestoreThread(state);
  }
  PyBuffer_Release(&pixels);
  PyBuffer_Release(&down);
  PyBuffer_Release(&across);
  if (!known) return NULL;
  if (!fits) {
    PyErr_SetString(PyExc_ValueError, "the samples do not fill height x width x channels, or a band reaches out");
    return NULL;
  }
  if (failed) return PyErr_NoMemory();
  return Py_BuildValue("y#iy#LL", (char *)hashes, (Py_ssize_t)sizeof hashes, quality, (char *)waves,
                       (Py_ssize_t)sizeof waves, (long long)steps.clipped, (long long)steps.all);
}

static PyMethodDef methods[] = {
    {"hashes", py_hashes, METH_VARARGS, "Give the eight hashes (256 bytes) and the quality of 8-bit pixels."},
    {"grid_hashes", py_grid_hashes, METH_O, "Give the eight hashes and the quality of 64 x 64 float32 brightnesses."},
    {"scaled_hashes", py_scaled_hashes, METH_VARARGS, "Hash a picture decoded at a smaller scale, and say how it steps."},
    {"levels", py_levels, METH_NOARGS, "Name the instruction sets this processor has, fastest last."},
    {NULL, NULL, 0, NULL},
};

static int executed(PyObject *module) {
  (void)module;
  fill_cosines();
  return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)executed}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_pdq", "PDQ of 8-bit pixels, bit for bit as pdqhash.", 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__pdq(void) { return PyModuleDef_Init(&definition); }

#endif
