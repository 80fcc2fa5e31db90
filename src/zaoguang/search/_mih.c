/* Exact search of 256-bit hashes within a Hamming radius: by tables (multi-index hashing) or by looking at everything.
 *
 * The tables follow Norouzi, Punjani, Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing" (2014): the
 * bits are dealt out to m tables; when the radii t of the tables satisfy sum(t + 1) = radius + 1, a hash within the
 * radius is within t of the query in at least one table. A table is an array of bucket offsets and an array of rows.
 * kernel_numpy.py does the same in NumPy. Nothing read from a file is trusted as an index before it is compared.
 */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if !defined(__GNUC__)
#error "This needs GCC or Clang; without it, the NumPy kernel does the work."
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "A snapshot is little-endian; the NumPy kernel does the work elsewhere."
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { WORDS = 4, TABLES_MOST = 32, WIDTH_MOST = 30, FLIPS_MOST = 3, RADIUS_MOST = 256 };
enum { AHEAD = 64, TOGETHER = 64, STEP = 1 << 20, PARTS_BITS = 10 }; /* candidates, queries, rows at once */
enum { DONE = 0, NO_MEMORY = -1, DAMAGED = -2, TOO_MANY = -3 };
#define FOUND_MOST ((size_t)1 << 26) /* 800 MB of answers */

struct hash {
  uint64_t word[WORDS];
};

struct found {
  uint32_t query, row, distance;
};

struct answer {
  struct found *list;
  size_t count, room;
};

/* Which rows the query may see: the number of a row's set of banks, and what is allowed by that number. */
struct sight {
  const void *sets;
  int set_bytes; /* 0: one set for all */
  const uint8_t *allowed;
  size_t allowed_count;
};

struct table {
  uint64_t mask[WORDS];
  uint64_t offsets_at, entries_at;
  int32_t width, radius;
};

struct job {
  const struct hash *rows;
  uint32_t count;
  const uint32_t *offsets, *entries;
  struct table tables[TABLES_MOST];
  int table_count;
  uint32_t *flips[TABLES_MOST]; /* by table: every key difference within its radius */
  uint32_t flip_counts[TABLES_MOST];
  struct sight sight;
  uint32_t radius;
  uint64_t most_candidates;
};

static int keep(struct answer *answer, uint32_t query, uint32_t row, uint32_t distance) {
  if (answer->count == answer->room) {
    const size_t room = answer->room ? answer->room * 2 : 256;
    if (answer->count >= FOUND_MOST) return TOO_MANY;
    struct found *list = realloc(answer->list, room * sizeof *list);
    if (!list) return NO_MEMORY;
    answer->list = list, answer->room = room;
  }
  answer->list[answer->count++] = (struct found){query, row, distance};
  return DONE;
}

static int visible(const struct sight *sight, uint32_t row) {
  size_t set = 0;
  if (sight->set_bytes == 1) set = __atomic_load_n((const uint8_t *)sight->sets + row, __ATOMIC_ACQUIRE);
  if (sight->set_bytes == 2) set = __atomic_load_n((const uint16_t *)sight->sets + row, __ATOMIC_ACQUIRE);
  if (sight->set_bytes == 4) set = __atomic_load_n((const uint32_t *)sight->sets + row, __ATOMIC_ACQUIRE);
  return set < sight->allowed_count && sight->allowed[set];
}

static uint32_t key_of(const struct hash *hash, const uint64_t mask[WORDS]) {
  uint32_t key = 0;
  int shift = 0;
  for (int w = 0; w < WORDS; w++)
    for (uint64_t rest = mask[w]; rest; rest &= rest - 1)
      key |= (uint32_t)(hash->word[w] >> __builtin_ctzll(rest) & 1) << shift++;
  return key;
}

/* ---- looking at everything ---- */

#define MEET(bits, lane_to_row)                                                        \
  for (unsigned rest = (bits); rest; rest &= rest - 1) {                                \
    const int lane = __builtin_ctz(rest);                                               \
    const uint32_t row = (uint32_t)(at + (lane_to_row));                                \
    if (!visible(&job->sight, row)) continue;                                           \
    const int failed = keep(answer, numbers[q], row, (uint32_t)distances[lane]);        \
    if (failed) return failed;                                                          \
  }

static int scan_portable_from(const struct job *job, const struct hash *queries, const uint32_t *numbers, int count,
                              struct answer *answer, size_t at) {
  for (; at < job->count; at++) {
    const struct hash row = job->rows[at];
    for (int q = 0; q < count; q++) {
      uint64_t distances[1] = {0};
      for (int w = 0; w < WORDS; w++)
        distances[0] += (uint64_t)__builtin_popcountll(row.word[w] ^ queries[q].word[w]);
      MEET(distances[0] <= job->radius, lane)
    }
  }
  return DONE;
}

static int scan_portable(const struct job *job, const struct hash *queries, const uint32_t *numbers, int count,
                         struct answer *answer) {
  return scan_portable_from(job, queries, numbers, count, answer, 0);
}

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX512 __attribute__((target("avx2,bmi,bmi2,popcnt,avx512f,avx512vl,avx512bw,avx512dq,avx512vpopcntdq")))

AVX2 static __m256i bit_counts(__m256i given) {
  const __m256i low = _mm256_set1_epi8(15);
  const __m256i ones = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2,
                                        3, 2, 3, 3, 4);
  return _mm256_add_epi8(_mm256_shuffle_epi8(ones, _mm256_and_si256(given, low)),
                         _mm256_shuffle_epi8(ones, _mm256_and_si256(_mm256_srli_epi16(given, 4), low)));
}

/* Four rows at a time, turned so that each vector holds one word of each. */
AVX2 static int scan_avx2(const struct job *job, const struct hash *queries, const uint32_t *numbers, int count,
                          struct answer *answer) {
  size_t at = 0;
  const __m256i above = _mm256_set1_epi64x((long long)job->radius + 1);
  for (; at + 4 <= job->count; at += 4) {
    const __m256i *in = (const __m256i *)(job->rows + at);
    const __m256i a = _mm256_loadu_si256(in), b = _mm256_loadu_si256(in + 1);
    const __m256i c = _mm256_loadu_si256(in + 2), d = _mm256_loadu_si256(in + 3);
    const __m256i ab0 = _mm256_unpacklo_epi64(a, b), ab1 = _mm256_unpackhi_epi64(a, b);
    const __m256i cd0 = _mm256_unpacklo_epi64(c, d), cd1 = _mm256_unpackhi_epi64(c, d);
    const __m256i w0 = _mm256_permute2x128_si256(ab0, cd0, 0x20), w1 = _mm256_permute2x128_si256(ab1, cd1, 0x20);
    const __m256i w2 = _mm256_permute2x128_si256(ab0, cd0, 0x31), w3 = _mm256_permute2x128_si256(ab1, cd1, 0x31);
    for (int q = 0; q < count; q++) {
      const long long *with = (const long long *)queries[q].word;
      __m256i sum = bit_counts(_mm256_xor_si256(w0, _mm256_set1_epi64x(with[0])));
      sum = _mm256_add_epi8(sum, bit_counts(_mm256_xor_si256(w1, _mm256_set1_epi64x(with[1]))));
      sum = _mm256_add_epi8(sum, bit_counts(_mm256_xor_si256(w2, _mm256_set1_epi64x(with[2]))));
      sum = _mm256_add_epi8(sum, bit_counts(_mm256_xor_si256(w3, _mm256_set1_epi64x(with[3]))));
      sum = _mm256_sad_epu8(sum, _mm256_setzero_si256());
      const int near = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(above, sum)));
      if (!near) continue;
      uint64_t distances[4];
      _mm256_storeu_si256((__m256i *)distances, sum);
      MEET((unsigned)near, lane)
    }
  }
  return scan_portable_from(job, queries, numbers, count, answer, at);
}

/* Eight rows at a time; the turn leaves them in the order of `order`. */
AVX512 static int scan_avx512(const struct job *job, const struct hash *queries, const uint32_t *numbers, int count,
                              struct answer *answer) {
  static const int order[8] = {0, 2, 1, 3, 4, 6, 5, 7};
  size_t at = 0;
  const __m512i most = _mm512_set1_epi64(job->radius);
  for (; at + 8 <= job->count; at += 8) {
    const __m512i *in = (const __m512i *)(job->rows + at);
    const __m512i a = _mm512_loadu_si512(in), b = _mm512_loadu_si512(in + 1);
    const __m512i c = _mm512_loadu_si512(in + 2), d = _mm512_loadu_si512(in + 3);
    const __m512i ab0 = _mm512_unpacklo_epi64(a, b), ab1 = _mm512_unpackhi_epi64(a, b);
    const __m512i cd0 = _mm512_unpacklo_epi64(c, d), cd1 = _mm512_unpackhi_epi64(c, d);
    const __m512i w0 = _mm512_shuffle_i64x2(ab0, cd0, 0x88), w1 = _mm512_shuffle_i64x2(ab1, cd1, 0x88);
    const __m512i w2 = _mm512_shuffle_i64x2(ab0, cd0, 0xDD), w3 = _mm512_shuffle_i64x2(ab1, cd1, 0xDD);
    for (int q = 0; q < count; q++) {
      const long long *with = (const long long *)queries[q].word;
      const __m512i n0 = _mm512_popcnt_epi64(_mm512_xor_si512(w0, _mm512_set1_epi64(with[0])));
      const __m512i n1 = _mm512_popcnt_epi64(_mm512_xor_si512(w1, _mm512_set1_epi64(with[1])));
      const __m512i n2 = _mm512_popcnt_epi64(_mm512_xor_si512(w2, _mm512_set1_epi64(with[2])));
      const __m512i n3 = _mm512_popcnt_epi64(_mm512_xor_si512(w3, _mm512_set1_epi64(with[3])));
      const __m512i sum = _mm512_add_epi64(_mm512_add_epi64(n0, n1), _mm512_add_epi64(n2, n3));
      const unsigned near = _mm512_cmple_epu64_mask(sum, most);
      if (!near) continue;
      uint64_t distances[8];
      _mm512_storeu_si512(distances, sum);
      MEET(near, order[lane])
    }
  }
  return scan_portable_from(job, queries, numbers, count, answer, at);
}
#endif

/* ---- by tables ---- */

/* Say whether an earlier table finds this row too: then that one reports it. */
static inline __attribute__((always_inline)) int reported(const struct job *job, int table, const struct hash *apart) {
  for (int t = 0; t < table; t++) {
    int bits = 0;
    for (int w = 0; w < WORDS; w++) bits += __builtin_popcountll(apart->word[w] & job->tables[t].mask[w]);
    if (bits <= job->tables[t].radius) return 1;
  }
  return 0;
}

static inline __attribute__((always_inline)) int verify(const struct job *job, const struct hash *query, uint32_t number,
                                                        int table, uint32_t row, struct answer *answer) {
  const struct hash *with = job->rows + row;
  struct hash apart;
  uint32_t distance = 0;
  for (int w = 0; w < WORDS; w++) {
    apart.word[w] = with->word[w] ^ query->word[w];
    distance += (uint32_t)__builtin_popcountll(apart.word[w]);
  }
  if (distance > job->radius || reported(job, table, &apart) || !visible(&job->sight, row)) return DONE;
  return keep(answer, number, row, distance);
}

struct range {
  uint32_t first, past;
};

/* One query: `ranges` has room for every bucket of every table. Gives 1 when looking at everything costs less. */
static inline __attribute__((always_inline)) int probe(const struct job *job, const struct hash *query, uint32_t number,
                                                       struct range *ranges, struct answer *answer) {
  size_t starts[TABLES_MOST + 1] = {0}, used = 0;
  uint64_t candidates = 0;
  for (int t = 0; t < job->table_count; t++) {
    const struct table *table = &job->tables[t];
    const uint32_t *offsets = job->offsets + table->offsets_at, *entries = job->entries + table->entries_at;
    const uint32_t key = key_of(query, table->mask), *flips = job->flips[t], count = job->flip_counts[t];
    for (uint32_t f = 0; f < count; f++) __builtin_prefetch(offsets + (key ^ flips[f]));
    for (uint32_t f = 0; f < count; f++) {
      const uint32_t first = offsets[key ^ flips[f]], past = offsets[(key ^ flips[f]) + 1];
      if (first == past) continue;
      if (first > past || past > job->count) return DAMAGED;
      __builtin_prefetch(entries + first);
      ranges[used++] = (struct range){first, past};
      candidates += past - first;
    }
    starts[t + 1] = used;
    if (candidates > job->most_candidates) return 1;
  }
  for (int t = 0; t < job->table_count; t++) {
    const uint32_t *entries = job->entries + job->tables[t].entries_at;
    uint32_t waiting[AHEAD];
    size_t seen = 0;
    for (size_t r = starts[t]; r < starts[t + 1]; r++)
      for (uint32_t e = ranges[r].first; e < ranges[r].past; e++, seen++) {
        const uint32_t row = entries[e];
        if (row >= job->count) return DAMAGED;
        __builtin_prefetch(job->rows + row);
        if (seen >= AHEAD) {
          const int failed = verify(job, query, number, t, waiting[seen % AHEAD], answer);
          if (failed) return failed;
        }
        waiting[seen % AHEAD] = row;
      }
    for (size_t left = seen < AHEAD ? 0 : seen - AHEAD; left < seen; left++) {
      const int failed = verify(job, query, number, t, waiting[left % AHEAD], answer);
      if (failed) return failed;
    }
  }
  return DONE;
}

static int probe_portable(const struct job *job, const struct hash *query, uint32_t number, struct range *ranges,
                          struct answer *answer) {
  return probe(job, query, number, ranges, answer);
}

#if defined(__x86_64__)
AVX2 static int probe_popcnt(const struct job *job, const struct hash *query, uint32_t number, struct range *ranges,
                             struct answer *answer) {
  return probe(job, query, number, ranges, answer);
}
#endif

/* ---- filling tables ---- */

static void keys_portable(const struct hash *rows, int count, const uint64_t mask[WORDS], uint32_t *keys) {
  for (int n = 0; n < count; n++) keys[n] = key_of(rows + n, mask);
}

#if defined(__x86_64__)
AVX2 static void keys_bmi2(const struct hash *rows, int count, const uint64_t mask[WORDS], uint32_t *keys) {
  const int s1 = __builtin_popcountll(mask[0]), s2 = s1 + __builtin_popcountll(mask[1]);
  const int s3 = s2 + __builtin_popcountll(mask[2]);
  for (int n = 0; n < count; n++)
    keys[n] = (uint32_t)(_pext_u64(rows[n].word[0], mask[0]) | _pext_u64(rows[n].word[1], mask[1]) << s1 |
                         _pext_u64(rows[n].word[2], mask[2]) << s2 | _pext_u64(rows[n].word[3], mask[3]) << s3);
}
#endif

struct level {
  const char *name;
  int (*scan)(const struct job *, const struct hash *, const uint32_t *, int, struct answer *);
  int (*probe)(const struct job *, const struct hash *, uint32_t, struct range *, struct answer *);
  void (*keys)(const struct hash *, int, const uint64_t[WORDS], uint32_t *);
};

static int levels_here(struct level levels[3]) {
  int n = 0;
  levels[n++] = (struct level){"portable", scan_portable, probe_portable, keys_portable};
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("popcnt")) {
    levels[n++] = (struct level){"avx2", scan_avx2, probe_popcnt, keys_bmi2};
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vpopcntdq"))
      levels[n++] = (struct level){"avx512", scan_avx512, probe_popcnt, keys_bmi2};
  }
#endif
  return n;
}

/* ---- what Python calls ---- */

#include "../_levels.h"

/* Get every difference of `width` bits with at most `radius` of them set; the near ones in memory stay neighbours. */
static uint32_t fill_flips(int width, int radius, uint32_t *flips) {
  uint32_t n = 0;
  if (radius < 0) return 0;
  flips[n++] = 0;
  for (int a = 0; a < width && radius > 0; a++) {
    flips[n++] = 1u << a;
    for (int b = 0; b < a && radius > 1; b++) {
      flips[n++] = 1u << a | 1u << b;
      for (int c = 0; c < b && radius > 2; c++) flips[n++] = 1u << a | 1u << b | 1u << c;
    }
  }
  return n;
}

static int make_flips(struct job *job, size_t *buckets) {
  *buckets = 0;
  for (int t = 0; t < job->table_count; t++) {
    const size_t w = (size_t)job->tables[t].width;
    job->flips[t] = malloc((1 + w + w * w / 2 + (job->tables[t].radius > 2 ? w * w * w / 6 : 0) + 1) * sizeof(uint32_t));
    if (!job->flips[t]) return NO_MEMORY;
    job->flip_counts[t] = fill_flips(job->tables[t].width, job->tables[t].radius, job->flips[t]);
    *buckets += job->flip_counts[t];
  }
  return DONE;
}

static int run(struct job *job, const struct level *level, const struct hash *queries, uint32_t count,
               struct answer *answer) {
  size_t buckets = 0;
  int failed = make_flips(job, &buckets);
  struct range *ranges = malloc((buckets + 1) * sizeof *ranges);
  uint32_t numbers[TOGETHER];
  struct hash together[TOGETHER];
  int waiting = 0;
  if (!ranges) failed = NO_MEMORY;
  for (uint32_t q = 0; q < count && !failed; q++) {
    int costly = 1;
    if (job->table_count) costly = level->probe(job, queries + q, q, ranges, answer);
    if (costly < 0) failed = costly;
    if (costly != 1) continue;
    numbers[waiting] = q, together[waiting++] = queries[q];
    if (waiting == TOGETHER) failed = level->scan(job, together, numbers, waiting, answer), waiting = 0;
  }
  if (!failed && waiting) failed = level->scan(job, together, numbers, waiting, answer);
  free(ranges);
  for (int t = 0; t < job->table_count; t++) free(job->flips[t]);
  return failed;
}

/* Take the tables and see that each lies inside the buffers. */
static int take_tables(struct job *job, const Py_buffer *tables, const Py_buffer *offsets, const Py_buffer *entries) {
  if (tables->len % (Py_ssize_t)sizeof(struct table) || tables->len > (Py_ssize_t)sizeof job->tables) return -1;
  memcpy(job->tables, tables->buf, (size_t)tables->len);
  job->table_count = (int)(tables->len / (Py_ssize_t)sizeof(struct table));
  const uint64_t offsets_here = (uint64_t)offsets->len / 4, entries_here = (uint64_t)entries->len / 4;
  for (int t = 0; t < job->table_count; t++) {
    const struct table *table = &job->tables[t];
    int width = 0;
    for (int w = 0; w < WORDS; w++) width += __builtin_popcountll(table->mask[w]);
    if (width != table->width || width < 1 || width > WIDTH_MOST || table->radius < -1 || table->radius > FLIPS_MOST)
      return -1;
    if (table->offsets_at > offsets_here || (UINT64_C(1) << width) + 1 > offsets_here - table->offsets_at) return -1;
    if (table->entries_at > entries_here || job->count > entries_here - table->entries_at) return -1;
  }
  return 0;
}

static int take_sight(struct sight *sight, const Py_buffer *sets, int set_bytes, const Py_buffer *allowed,
                      uint32_t count) {
  if (set_bytes != 0 && set_bytes != 1 && set_bytes != 2 && set_bytes != 4) return -1;
  if (sets->len < (Py_ssize_t)count * set_bytes) return -1;
  *sight = (struct sight){sets->buf, set_bytes, allowed->buf, (size_t)allowed->len};
  return 0;
}

static PyObject *answered(int failed, const struct answer *answer) {
  if (failed == NO_MEMORY) return PyErr_NoMemory();
  if (failed == DAMAGED) {
    PyErr_SetString(PyExc_ValueError, "a table points outside the rows");
    return NULL;
  }
  if (failed == TOO_MANY) {
    PyErr_SetString(PyExc_OverflowError, "the query has more matches than can be held");
    return NULL;
  }
  return PyBytes_FromStringAndSize((const char *)answer->list, (Py_ssize_t)(answer->count * sizeof(struct found)));
}

/* query(queries, rows, offsets, entries, tables, sets, set_bytes, allowed, radius, most_candidates, level)
 *
 * Gives bytes: (query, row, distance), three uint32 each, in no promised order. */
static PyObject *py_query(PyObject *module, PyObject *args) {
  (void)module;
  Py_buffer queries, rows, offsets, entries, tables, sets, allowed;
  int set_bytes, radius, number;
  unsigned long long most;
  if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*iy*iKi", &queries, &rows, &offsets, &entries, &tables, &sets, &set_bytes,
                        &allowed, &radius, &most, &number))
    return NULL;
  PyObject *given = NULL;
  struct level level;
  struct job job = {.rows = rows.buf, .offsets = offsets.buf, .entries = entries.buf, .most_candidates = most};
  struct answer answer = {0};
  const int fits = rows.len % 32 == 0 && rows.len / 32 < UINT32_MAX && queries.len % 32 == 0 &&
                   queries.len / 32 < UINT32_MAX && radius >= 0 && radius <= RADIUS_MOST;
  if (fits) job.count = (uint32_t)(rows.len / 32), job.radius = (uint32_t)radius;
  if (!fits || take_tables(&job, &tables, &offsets, &entries) < 0 ||
      take_sight(&job.sight, &sets, set_bytes, &allowed, job.count) < 0) {
    PyErr_SetString(PyExc_ValueError, "the parts of the index do not fit each other");
  } else if (level_of(number, &level) == 0) {
    int failed;
    Py_BEGIN_ALLOW_THREADS
    failed = run(&job, &level, queries.buf, (uint32_t)(queries.len / 32), &answer);
    Py_END_ALLOW_THREADS
    given = answered(failed, &answer);
    free(answer.list);
  }
  PyBuffer_Release(&queries), PyBuffer_Release(&rows), PyBuffer_Release(&offsets), PyBuffer_Release(&entries);
  PyBuffer_Release(&tables), PyBuffer_Release(&sets), PyBuffer_Release(&allowed);
  return given;
}

/* Rows of one step, brought near each other by the first bits of their keys: what follows then stays in the cache. */
struct keyed {
  uint32_t key, row;
};

struct step {
  uint32_t *keys;
  struct keyed *near;
};

static void bring_near(const struct level *level, const struct hash *rows, uint32_t first, uint32_t n,
                       const uint64_t mask[WORDS], int width, struct step *step) {
  const int shift = width > PARTS_BITS ? width - PARTS_BITS : 0;
  uint32_t starts[(1 << PARTS_BITS) + 1] = {0};
  level->keys(rows + first, (int)n, mask, step->keys);
  for (uint32_t k = 0; k < n; k++) starts[(step->keys[k] >> shift) + 1]++;
  for (int part = 0; part < 1 << PARTS_BITS; part++) starts[part + 1] += starts[part];
  for (uint32_t k = 0; k < n; k++) step->near[starts[step->keys[k] >> shift]++] = (struct keyed){step->keys[k], first + k};
}

/* Without entries: count how many rows each bucket has, at offsets[key + 2], from which sums become the starts. With
 * them: put each row into its bucket; offsets[key + 1] moves from the bucket's start to its end, the next one's start.
 * Rows of a bucket keep their order. */
static int tabled(const struct level *level, const struct hash *rows, uint32_t first, uint32_t past,
                  const uint64_t mask[WORDS], int width, uint32_t *offsets, uint32_t *entries, uint32_t count) {
  const uint64_t length = (UINT64_C(1) << width) + 1;
  struct step step = {malloc(STEP * sizeof(uint32_t)), malloc(STEP * sizeof(struct keyed))};
  int failed = step.keys && step.near ? DONE : NO_MEMORY;
  for (uint64_t at = first; at < past && !failed; at += STEP) {
    const uint32_t n = past - at < STEP ? (uint32_t)(past - at) : STEP;
    bring_near(level, rows, (uint32_t)at, n, mask, width, &step);
    for (uint32_t k = 0; k < n; k++) {
      const struct keyed each = step.near[k];
      if (!entries) {
        if ((uint64_t)each.key + 2 < length) offsets[each.key + 2]++;
        continue;
      }
      const uint32_t place = offsets[each.key + 1]++;
      if (place >= count) {
        failed = DAMAGED;
        break;
      }
      entries[place] = each.row;
    }
  }
  free(step.keys), free(step.near);
  return failed;
}

/* count(rows, first, past, mask, offsets, level); fill(rows, first, past, mask, offsets, level, entries) */
static PyObject *py_tabled(PyObject *args, int filling) {
  Py_buffer rows, mask, offsets, entries = {0};
  unsigned int first, past;
  int number, failed = DAMAGED, width = 0;
  struct level level;
  if (!(filling ? PyArg_ParseTuple(args, "y*IIy*w*iw*", &rows, &first, &past, &mask, &offsets, &number, &entries)
                : PyArg_ParseTuple(args, "y*IIy*w*i", &rows, &first, &past, &mask, &offsets, &number)))
    return NULL;
  uint64_t bits[WORDS] = {0};
  if (mask.len == (Py_ssize_t)sizeof bits) memcpy(bits, mask.buf, sizeof bits);
  for (int w = 0; w < WORDS; w++) width += __builtin_popcountll(bits[w]);
  const uint64_t length = (uint64_t)offsets.len / 4, count = (uint64_t)rows.len / 32;
  const int fits = width >= 1 && width <= WIDTH_MOST && length == (UINT64_C(1) << width) + 1 && first <= past &&
                   past <= count && count < UINT32_MAX && (!filling || (uint64_t)entries.len / 4 >= count);
  const int known = level_of(number, &level) == 0;
  if (known && fits) {
    Py_BEGIN_ALLOW_THREADS
    failed = tabled(&level, rows.buf, first, past, bits, width, offsets.buf, filling ? entries.buf : NULL,
                    (uint32_t)count);
    Py_END_ALLOW_THREADS
  }
  PyBuffer_Release(&rows), PyBuffer_Release(&mask), PyBuffer_Release(&offsets);
  if (filling) PyBuffer_Release(&entries);
  if (!known) return NULL;
  if (failed == NO_MEMORY) return PyErr_NoMemory();
  if (failed) {
    PyErr_SetString(PyExc_ValueError, "the parts of the index do not fit each other");
    return NULL;
  }
  Py_RETURN_NONE;
}

static PyObject *py_count(PyObject *module, PyObject *args) {
  (void)module;
  return py_tabled(args, 0);
}

static PyObject *py_fill(PyObject *module, PyObject *args) {
  (void)module;
  return py_tabled(args, 1);
}

static PyMethodDef methods[] = {
    {"query", py_query, METH_VARARGS, "Give every (query, row, distance) within the radius that may be seen."},
    {"count", py_count, METH_VARARGS, "Count how many rows each bucket of a table has."},
    {"fill", py_fill, METH_VARARGS, "Put rows into the buckets of a table."},
    {"levels", py_levels, METH_NOARGS, "Name the instruction sets this processor has, fastest last."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_mih", "Exact Hamming search over 256-bit hashes.", 0, methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__mih(void) { return PyModuleDef_Init(&definition); }
