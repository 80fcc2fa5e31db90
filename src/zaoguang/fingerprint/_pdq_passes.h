/* The four passes of PDQ's box filter, strip by strip; included by _pdq.c once for each instruction set.
 *
 * Before including: LANES (4, 8 or 16 floats in a vector), TARGET (a function attribute, may be empty), NAME(x) (gives
 * x a suffix), and for LANES 8 and 16 the machine's own intrinsics, which they use for deinterleaving and for FMA.
 *
 * pdqhash slides a running float32 sum over every row, then every column, twice. The sums round at every step, so only
 * the same additions in the same order give the same bits. They are independent of one another across rows (when
 * sliding along a row) and across columns, and that is where the lanes of a vector go. A strip is LANES rows:
 *
 *   luma -> turn -> slide along rows (lanes: rows) -> turn -> ring of rows
 *        -> slide along columns (lanes: columns) -> turn -> slide along rows again, keep 64 -> slide down again, keep 64
 *
 * A slide of window w takes step t by adding item t and taking away item t - w (nothing where there is no such item:
 * adding 0 changes no float); what stands then is the box around item t - lag, where lag = (w + 2) / 2 - 1.
 */

typedef float NAME(vec) __attribute__((vector_size(4 * LANES)));
typedef float NAME(loose) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t NAME(mask) __attribute__((vector_size(4 * LANES)));

#define vec NAME(vec)
#define LOAD(p) ((vec)(*(const NAME(loose) *)(p)))
#define STORE(p, v) (*(NAME(loose) *)(p) = (v))
#define SPLAT(x) ((vec){0} + (x))
#if defined(__clang__)
#define MIX(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define MIX(a, b, ...) __builtin_shuffle(a, b, (NAME(mask)){__VA_ARGS__})
#endif
#define HOT static inline __attribute__((always_inline)) TARGET

/* sum / count, rounded as IEEE division rounds it.
 *
 * With FMA: q is within 2 units in its last place (ulp) of the quotient, so rest = sum - q * count is a multiple of one
 * ulp of at most 2 * count ulps: exact for count < 2^21. The quotient of a 24-bit number by a whole number is never a
 * midpoint between floats, and lies at least ulp / (2 * count) off every midpoint; rest * inverse misses rest / count
 * by at most 2^-22 ulp. So for count < 2^20 the last rounding goes where division's would. */
#if LANES == 16
#define OVER(sum, count, inverse) NAME(over)(sum, count, inverse)
HOT vec NAME(over)(vec sum, float count, float inverse) {
  const __m512 n = _mm512_set1_ps(count), r = _mm512_set1_ps(inverse);
  const __m512 q = _mm512_mul_ps((__m512)sum, r);
  return (vec)_mm512_fmadd_ps(_mm512_fnmadd_ps(q, n, (__m512)sum), r, q);
}
#elif LANES == 8
#define OVER(sum, count, inverse) NAME(over)(sum, count, inverse)
HOT vec NAME(over)(vec sum, float count, float inverse) {
  const __m256 n = _mm256_set1_ps(count), r = _mm256_set1_ps(inverse);
  const __m256 q = _mm256_mul_ps((__m256)sum, r);
  return (vec)_mm256_fmadd_ps(_mm256_fnmadd_ps(q, n, (__m256)sum), r, q);
}
#else
#define OVER(sum, count, inverse) ((sum) / SPLAT(count))
#endif

/* Turn a square of LANES x LANES: row i, lane j becomes row j, lane i. First 4 x 4 within quarters, then quarters. */
HOT void NAME(turn)(vec *v) {
#pragma GCC unroll 4
  for (int k = 0; k < LANES; k += 4) {
#if LANES == 16
#define LOW(a, b) MIX(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH(a, b) MIX(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW2(a, b) MIX(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH2(a, b) MIX(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
#elif LANES == 8
#define LOW(a, b) MIX(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH(a, b) MIX(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LOW2(a, b) MIX(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define HIGH2(a, b) MIX(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#else
#define LOW(a, b) MIX(a, b, 0, 4, 1, 5)
#define HIGH(a, b) MIX(a, b, 2, 6, 3, 7)
#define LOW2(a, b) MIX(a, b, 0, 1, 4, 5)
#define HIGH2(a, b) MIX(a, b, 2, 3, 6, 7)
#endif
    const vec a = LOW(v[k], v[k + 1]), b = HIGH(v[k], v[k + 1]);
    const vec c = LOW(v[k + 2], v[k + 3]), d = HIGH(v[k + 2], v[k + 3]);
    v[k] = LOW2(a, c);
    v[k + 1] = HIGH2(a, c);
    v[k + 2] = LOW2(b, d);
    v[k + 3] = HIGH2(b, d);
  }
#if LANES == 16
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
#define EVEN(a, b) MIX(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD(a, b) MIX(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
    const vec a = EVEN(v[j], v[4 + j]), b = ODD(v[j], v[4 + j]);
    const vec c = EVEN(v[8 + j], v[12 + j]), d = ODD(v[8 + j], v[12 + j]);
    v[j] = EVEN(a, c);
    v[8 + j] = ODD(a, c);
    v[4 + j] = EVEN(b, d);
    v[12 + j] = ODD(b, d);
#undef EVEN
#undef ODD
  }
#elif LANES == 8
#pragma GCC unroll 4
  for (int j = 0; j < 4; j++) {
    const vec a = v[j], b = v[4 + j];
    v[j] = MIX(a, b, 0, 1, 2, 3, 8, 9, 10, 11);
    v[4 + j] = MIX(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
  }
#endif
#undef LOW
#undef HIGH
#undef LOW2
#undef HIGH2
}

/* The luma of LANES pixels; `grey`: one byte a pixel, else three. May read up to READ_AHEAD bytes from p.
 *
 * pdqhash rounds 0.299 r + 0.587 g + 0.114 b from float64 to float32. That is the float32 nearest to
 * (299 r + 587 g + 114 b) / 1000: the float64 is off by less than 2^-44, the quotient by more from any midpoint. */
HOT vec NAME(luma)(const uint8_t *p, int grey) {
  if (grey) {
    float v[LANES];
    for (int i = 0; i < LANES; i++) v[i] = p[i];
    return LOAD(v);
  }
#if LANES == 16
  const __m512i apart = _mm512_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12);
  const __m512i bytes = _mm512_permutexvar_epi32(apart, _mm512_loadu_si512(p));
  const __m512i rg = _mm512_shuffle_epi8(
      bytes, _mm512_broadcast_i32x4(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1)));
  const __m512i b = _mm512_shuffle_epi8(
      bytes, _mm512_broadcast_i32x4(_mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1)));
  const __m512i thousandfold = _mm512_add_epi32(_mm512_madd_epi16(rg, _mm512_set1_epi32(587 << 16 | 299)),
                                                _mm512_madd_epi16(b, _mm512_set1_epi32(114)));
  return OVER((vec)_mm512_cvtepi32_ps(thousandfold), 1000.0f, 0.001f);
#elif LANES == 8
  const __m256i apart = _mm256_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6);
  const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_loadu_si256((const __m256i *)p), apart);
  const __m256i rg = _mm256_shuffle_epi8(
      bytes, _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1)));
  const __m256i b = _mm256_shuffle_epi8(
      bytes, _mm256_broadcastsi128_si256(_mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1)));
  const __m256i thousandfold = _mm256_add_epi32(_mm256_madd_epi16(rg, _mm256_set1_epi32(587 << 16 | 299)),
                                                _mm256_madd_epi16(b, _mm256_set1_epi32(114)));
  return OVER((vec)_mm256_cvtepi32_ps(thousandfold), 1000.0f, 0.001f);
#else
  float v[LANES];
  for (int i = 0; i < LANES; i++) v[i] = (float)(299 * p[3 * i] + 587 * p[3 * i + 1] + 114 * p[3 * i + 2]);
  return LOAD(v) / 1000.0f;
#endif
}

/* Luma of a square of LANES x LANES from row `top`, column `left`; nothing outside the picture is read, it is 0. */
HOT void NAME(square)(const struct picture *in, int top, int left, vec *v) {
  const int pixel = in->grey ? 1 : 3;
  const int64_t rest = (int64_t)(in->width - left) * pixel;
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++) {
    const uint8_t *p = in->pixels + ((int64_t)(top + i - in->first) * in->width + left) * pixel;
    uint8_t edge[READ_AHEAD];
    if (top + i >= in->height || rest <= 0) {
      v[i] = SPLAT(0);
      continue;
    }
    if (rest < READ_AHEAD) {
      memset(edge, 0, sizeof edge);
      memcpy(edge, p, (size_t)rest);
      p = edge;
    }
    v[i] = NAME(luma)(p, in->grey);
  }
}

/* First slide along the rows of the strip from `top`, into rows of the ring at step (not pixel) coordinates. */
TARGET static void NAME(slide_in)(const struct picture *in, const struct axis *across, int top, float *rows,
                                  int64_t stride, float *behind, int turns) {
  vec sum = SPLAT(0), v[LANES];
  int from = turns - across->window % turns; /* where item t - window is kept, in a ring of `turns` vectors */
  memset(behind, 0, sizeof(vec) * (size_t)turns);
  for (int left = 0, to = 0; left < stride; left += LANES) {
    NAME(square)(in, top, left, v);
    NAME(turn)(v);
#pragma GCC unroll 16
    for (int j = 0; j < LANES; j++) {
      sum += v[j];
      sum -= LOAD(behind + (int64_t)from * LANES);
      STORE(behind + (int64_t)to * LANES, v[j]);
      v[j] = OVER(sum, across->counts[left + j], across->inverses[left + j]);
      if (++from == turns) from = 0;
      to++;
    }
    if (to == turns) to = 0;
    NAME(turn)(v);
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) STORE(rows + i * stride + left, v[i]);
  }
  for (int i = 0; i < LANES; i++) { /* what is no pixel's box must add nothing further on */
    const int64_t end = (int64_t)across->length + across->lag;
    memset(rows + i * stride, 0, sizeof(float) * (size_t)across->lag);
    memset(rows + i * stride + end, 0, sizeof(float) * (size_t)(stride - end));
  }
}

/* Slide down the columns for steps `top` on, then along the rows again; out[k][i]: the k-th kept column of row i. */
TARGET static void NAME(slide_down)(const struct axis *across, const struct axis *down, int top, const float *ring,
                                    int ring_rows, int64_t stride, float *sums, float *behind, int turns, float *out) {
  vec sum = SPLAT(0), v[LANES];
  const float *added[LANES], *gone[LANES];
  int from = turns - across->window % turns, kept = 0;
  for (int i = 0; i < LANES; i++) {
    added[i] = ring + (top + i) % ring_rows * stride;
    gone[i] = ring + (top + i + ring_rows - down->window) % ring_rows * stride;
  }
  memset(behind, 0, sizeof(vec) * (size_t)turns);
  for (int left = 0, to = 0; left < stride; left += LANES) {
    vec column = LOAD(sums + left);
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) {
      column += LOAD(added[i] + left);
      column -= LOAD(gone[i] + left);
      v[i] = OVER(column, down->counts[top + i], down->inverses[top + i]);
    }
    STORE(sums + left, column);
    NAME(turn)(v);
#pragma GCC unroll 16
    for (int j = 0; j < LANES; j++) {
      sum += v[j];
      sum -= LOAD(behind + (int64_t)from * LANES);
      STORE(behind + (int64_t)to * LANES, v[j]);
      if (++from == turns) from = 0;
      to++;
      while (kept < GRID && across->kept[kept] + 2 * across->lag == left + j) {
        STORE(out + (int64_t)kept * LANES, sum / SPLAT(across->counts[left + j - across->lag]));
        kept++;
      }
    }
    if (to == turns) to = 0;
  }
}

/* Filter and decimate the whole picture; 0, or -1 when there is not enough memory or no next piece of the picture. */
TARGET static int NAME(decimated)(struct picture *in, const struct axis *across, const struct axis *down,
                                  float grid[GRID][GRID]) {
  const int64_t stride = ROUND_UP((int64_t)across->length + 2 * across->lag, LANES);
  const int turns = ROUND_UP(across->window, LANES) + LANES, ring_rows = ROUND_UP(down->window, LANES) + LANES;
  float *ring = calloc((size_t)ring_rows * (size_t)stride, sizeof(float));
  float *sums = calloc((size_t)stride, sizeof(float));
  float *behind = malloc(sizeof(vec) * (size_t)turns);
  float *out = malloc(sizeof(vec) * GRID);
  struct last_slide last;
  int ready = last_slide_begins(&last, down) == 0 && ring && sums && behind && out;
  for (int top = 0; ready && top < down->length + down->lag; top += LANES) {
    if (top < down->length && reach(in, top) < 0) {
      ready = 0;
      break;
    }
    float *rows = ring + (int64_t)(top % ring_rows) * stride;
    if (top < down->length)
      NAME(slide_in)(in, across, top, rows, stride, behind, turns);
    else
      memset(rows, 0, sizeof(float) * LANES * (size_t)stride);
    NAME(slide_down)(across, down, top, ring, ring_rows, stride, sums, behind, turns, out);
    for (int i = 0; i < LANES; i++) last_slide_takes(&last, down, top + i - down->lag, out + i, LANES, grid);
  }
  for (int step = down->length; ready && step < down->length + down->lag; step++)
    last_slide_takes(&last, down, step, NULL, 0, grid);
  last_slide_ends(&last);
  free(ring), free(sums), free(behind), free(out);
  return ready ? 0 : -1;
}

#undef vec
#undef LOAD
#undef STORE
#undef SPLAT
#undef MIX
#undef HOT
#undef OVER
#undef LANES
