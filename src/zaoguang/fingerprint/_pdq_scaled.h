/* A picture decoded at a smaller scale, to its 64 x 64 cells; included by _pdq.c once for each instruction set.
 *
 * Before including: TARGET (a function attribute, may be empty) and NAME(x) (gives x a suffix).
 *
 * Every number here is whole and below 2^53 until the one division at the end, so whatever the order of additions, a
 * compiler's or that of kernel_scaled.py, the cells are the same: brightness in thousandths is below 2^18, and what a
 * cell's weights come to along one axis, with their signs left aside, below 2^17.
 */

#define CUT_OFF(colour) ((uint32_t)((colour) - EDGE) > 255 - 2 * EDGE) /* so near to 0 or 255 */

/* Brightness of one row of grey in thousandths, and where it is cut off. */
TARGET static void NAME(grey_row)(const uint8_t *restrict p, int width, int32_t *restrict luma,
                                  int32_t *restrict edge) {
  for (int x = 0; x < width; x++) {
    const int32_t grey = p[x];
    luma[x] = 1000 * grey;
    edge[x] = CUT_OFF(grey);
  }
}

/* The same of red, green, blue and a byte that means nothing. */
TARGET static void NAME(colour_row)(const uint8_t *restrict p, int width, int32_t *restrict luma,
                                    int32_t *restrict edge) {
  for (int x = 0; x < width; x++) {
    uint32_t pixel;
    memcpy(&pixel, p + 4 * (int64_t)x, sizeof pixel);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    pixel = __builtin_bswap32(pixel);
#endif
    const int32_t red = pixel & 255, green = pixel >> 8 & 255, blue = pixel >> 16 & 255;
    luma[x] = 299 * red + 587 * green + 114 * blue;
    edge[x] = CUT_OFF(red) | CUT_OFF(green) | CUT_OFF(blue);
  }
}
#undef CUT_OFF

/* Add up the squares of what brightness steps by along a row. */
TARGET static void NAME(steps_of)(const int32_t *restrict luma, const int32_t *restrict edge, int width,
                                  struct steps *steps) {
  int64_t clipped = 0, all = 0;
  for (int x = 0; x + 1 < width; x++) {
    const int32_t step = (luma[x + 1] >> STEP_SHIFT) - (luma[x] >> STEP_SHIFT), square = step * step;
    all += square;
    clipped += square & -(edge[x] | edge[x + 1]);
  }
  steps->clipped += clipped;
  steps->all += all;
}

TARGET static void NAME(add_row)(double *restrict sum, const int32_t *restrict luma, int width, double weight) {
  for (int x = 0; x < width; x++) sum[x] += weight * luma[x];
}

/* From what the rows of samples came to: ABREAST rows of cells at a time, so that no addition waits for another. */
TARGET static void NAME(cells_across)(const struct band *across, const double *restrict sums, int width,
                                      float grid[GRID][GRID]) {
  for (int top = 0; top < GRID; top += ABREAST)
    for (int k = 0; k < GRID; k++) {
      const double *from = sums + (int64_t)top * width + across->starts[k];
      const int32_t *weights = across->weights + (int64_t)k * across->length;
      double cells[ABREAST] = {0};
      for (int i = 0; i < across->length; i++)
#pragma GCC unroll 8
        for (int row = 0; row < ABREAST; row++) cells[row] += from[(int64_t)row * width + i] * weights[i];
      for (int row = 0; row < ABREAST; row++) grid[top + row][k] = (float)(cells[row] / (1000 * BAND_ONE * BAND_ONE));
    }
}

/* `sums`: GRID rows of `width`, all 0; `luma`: two rows of `width`. */
TARGET static void NAME(scaled)(const struct samples *in, double *sums, int32_t *luma, float grid[GRID][GRID],
                                struct steps *steps) {
  const int every = in->height / ROWS_LOOKED_AT > 1 ? in->height / ROWS_LOOKED_AT : 1;
  int32_t *edge = luma + in->width;
  for (int row = 0; row < in->height; row++) {
    const uint8_t *pixels = in->pixels + (int64_t)row * in->width * in->channels;
    if (in->channels == 1)
      NAME(grey_row)(pixels, in->width, luma, edge);
    else
      NAME(colour_row)(pixels, in->width, luma, edge);
    if (row % every == 0) NAME(steps_of)(luma, edge, in->width, steps);
    for (int k = 0; k < GRID; k++) {
      const int place = row - in->down.starts[k];
      if (place < 0 || place >= in->down.length) continue;
      const int32_t weight = in->down.weights[(int64_t)k * in->down.length + place];
      if (weight) NAME(add_row)(sums + (int64_t)k * in->width, luma, in->width, weight);
    }
  }
  NAME(cells_across)(&in->across, sums, in->width, grid);
}
