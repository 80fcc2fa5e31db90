/* One plane of brightness -> the 64 x 64 grid that PDQ is made of, for the frames of films; twin: luma.py.
 *
 * PDQ's two box filters and its decimation are linear, and the same for every frame of a size: along each side, each of
 * 64 cells is a weighted sum of a few neighbouring samples. The weights come from Python (luma.py), so that both twins
 * use the same; here is only the summing, in float32, each cell from its first sample to its last. Columns are summed
 * before rows, since every sample is touched there and the lanes of a vector go across them. */

#ifndef LUMA_WITHOUT_PYTHON /* tests/fuzz takes only what needs no Python, to put it under sanitizers */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#endif

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__FAST_MATH__)
#error "The twins agree because additions are done in order; -ffast-math changes it."
#endif

enum { GRID = 64, BLOCK = 8, SIDE_MOST = 1 << 16, TABLE_MOST = 1 << 16 };

/* One side: for each of 64 cells, which sample is the first and what each of `taps` from there on weighs. */
struct side {
  Py_buffer firsts, weights;
  int taps;
};

struct work {
  const uint8_t *plane;
  int height, width, wide; /* wide: two bytes a sample, the lower first */
  int64_t stride;
  const float *table; /* brightness by sample, or NULL: as it is */
  uint32_t mask;      /* entries of the table - 1 */
  const int32_t *down_first, *across_first;
  const float *down, *across;
  int down_taps, across_taps;
  float *lines; /* BLOCK x width */
};

#define INLINE static inline __attribute__((always_inline))

/* Add one row, weighed, to a line of sums. */
INLINE void add_row(const struct work *in, const uint8_t *row, float weight, float *restrict line) {
  const int width = in->width;
  if (in->table && in->wide) {
    const uint16_t *samples = (const uint16_t *)(const void *)row;
    for (int x = 0; x < width; x++) line[x] += weight * in->table[samples[x] & in->mask];
  } else if (in->table) {
    for (int x = 0; x < width; x++) line[x] += weight * in->table[row[x] & in->mask];
  } else if (in->wide) {
    const uint16_t *samples = (const uint16_t *)(const void *)row;
    for (int x = 0; x < width; x++) line[x] += weight * (float)samples[x];
  } else {
    for (int x = 0; x < width; x++) line[x] += weight * (float)row[x];
  }
}

INLINE void sum_up(const struct work *in, float *grid) {
  const int64_t width = in->width;
  for (int block = 0; block < GRID; block += BLOCK) {
    memset(in->lines, 0, sizeof(float) * BLOCK * (size_t)width);
    for (int k = 0; k < BLOCK; k++)
      for (int tap = 0; tap < in->down_taps; tap++) {
        const float weight = in->down[(block + k) * in->down_taps + tap];
        const int64_t row = in->down_first[block + k] + tap;
        if (weight != 0.0f) add_row(in, in->plane + row * in->stride, weight, in->lines + k * width);
      }
    for (int cell = 0; cell < GRID; cell++) {
      float sums[BLOCK] = {0};
      for (int tap = 0; tap < in->across_taps; tap++)
        for (int k = 0; k < BLOCK; k++)
          sums[k] += in->across[cell * in->across_taps + tap] * in->lines[k * width + in->across_first[cell] + tap];
      for (int k = 0; k < BLOCK; k++) grid[(block + k) * GRID + cell] = sums[k];
    }
  }
}

static void sum_up_portable(const struct work *in, float *grid) { sum_up(in, grid); }

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void sum_up_avx2(const struct work *in, float *grid) { sum_up(in, grid); }
__attribute__((target("avx2,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512"))) static void
sum_up_avx512(const struct work *in, float *grid) {
  sum_up(in, grid);
}
#endif

typedef void (*sum_up_t)(const struct work *, float *);

struct level {
  const char *name;
  sum_up_t sum_up;
};

/* What this processor can do, slowest first. */
static int levels_here(struct level levels[3]) {
  int n = 0;
  levels[n++] = (struct level){"portable", sum_up_portable};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) {
    levels[n++] = (struct level){"avx2", sum_up_avx2};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      levels[n++] = (struct level){"avx512", sum_up_avx512};
  }
#endif
  return n;
}

static int refused(const char *why) {
  PyErr_SetString(PyExc_ValueError, why);
  return -1;
}

/* Check that no cell reaches out of the side. */
static int side_fits(struct side *side, int length) {
  if (side->firsts.len != GRID * (Py_ssize_t)sizeof(int32_t)) return refused("a side has 64 first samples (int32)");
  const Py_ssize_t row = GRID * (Py_ssize_t)sizeof(float);
  if (side->weights.len < row || side->weights.len % row || side->weights.len / row > length)
    return refused("a side has 64 rows of weights (float32), no longer than itself");
  side->taps = (int)(side->weights.len / row);
  const int32_t *firsts = side->firsts.buf;
  for (int k = 0; k < GRID; k++)
    if (firsts[k] < 0 || firsts[k] > length - side->taps) return refused("a cell reaches out of the plane");
  return 0;
}

static int plane_fits(const Py_buffer *plane, int height, int width, int64_t stride, int wide) {
  if (height < 1 || height > SIDE_MOST || width < 1 || width > SIDE_MOST) return refused("a side is out of bounds");
  const int64_t row = (int64_t)width * (wide ? 2 : 1);
  if (stride < row || stride > INT32_MAX || plane->len < (height - 1) * stride + row)
    return refused("the samples do not fill height x width");
  if (wide && (((uintptr_t)plane->buf | (uintptr_t)stride) & 1)) return refused("wide samples lie on even addresses");
  return 0;
}

static int table_fits(const Py_buffer *table, struct work *in) {
  const Py_ssize_t entries = table->len / (Py_ssize_t)sizeof(float);
  if (!table->len) return 0;
  if (table->len % (Py_ssize_t)sizeof(float) || entries > TABLE_MOST || (entries & (entries - 1)))
    return refused("a table has a power of two of entries (float32)");
  in->table = table->buf;
  in->mask = (uint32_t)entries - 1;
  return 0;
}

#ifndef LUMA_WITHOUT_PYTHON

#include "../_levels.h"

/* grid(plane, height, width, stride, wide, table, down_firsts, down_weights, across_firsts, across_weights, level)
 * -> 64 x 64 float32, in the plane's (or the table's) own scale */
static PyObject *py_grid(PyObject *module, PyObject *args) {
  (void)module;
  Py_buffer plane, table;
  struct side down, across;
  struct work in = {0};
  struct level level;
  Py_ssize_t stride;
  int number;
  float grid[GRID * GRID];
  PyObject *answer = NULL;
  if (!PyArg_ParseTuple(args, "y*iinpy*y*y*y*y*i", &plane, &in.height, &in.width, &stride, &in.wide, &table,
                        &down.firsts, &down.weights, &across.firsts, &across.weights, &number))
    return NULL;
  in.plane = plane.buf;
  in.stride = stride;
  if (!level_of(number, &level) && !plane_fits(&plane, in.height, in.width, stride, in.wide) &&
      !table_fits(&table, &in) && !side_fits(&down, in.height) && !side_fits(&across, in.width)) {
    in.down_first = down.firsts.buf, in.down = down.weights.buf, in.down_taps = down.taps;
    in.across_first = across.firsts.buf, in.across = across.weights.buf, in.across_taps = across.taps;
    in.lines = malloc(sizeof(float) * BLOCK * (size_t)in.width);
    if (in.lines) {
      Py_BEGIN_ALLOW_THREADS;
      level.sum_up(&in, grid);
      Py_END_ALLOW_THREADS;
      answer = PyBytes_FromStringAndSize((char *)grid, sizeof grid);
    } else {
      PyErr_NoMemory();
    }
    free(in.lines);
  }
  PyBuffer_Release(&plane), PyBuffer_Release(&table);
  PyBuffer_Release(&down.firsts), PyBuffer_Release(&down.weights);
  PyBuffer_Release(&across.firsts), PyBuffer_Release(&across.weights);
  return answer;
}

static PyMethodDef methods[] = {
    {"grid", py_grid, METH_VARARGS, "Give the 64 x 64 float32 cells of one plane."},
    {"levels", py_levels, METH_NOARGS, "Name the instruction sets this processor has, fastest last."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_luma", "Planes of brightness to PDQ's grid.", 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__luma(void) { return PyModuleDef_Init(&definition); }

#endif
