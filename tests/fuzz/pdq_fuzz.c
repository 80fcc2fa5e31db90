/* libFuzzer's way in: see docs/explain/fuzzing.md for how it is built and run. */

#include "pdq_pixels.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  fill_cosines();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try_one(data, size);
  return 0;
}
