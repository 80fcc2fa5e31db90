/* How each kernel names and chooses the instruction sets that this processor has: included after the kernel's own
 * `struct level`, which begins with a name, and its levels_here(), which gives them slowest first. */

/* Choose one by its number in levels(); 0, or -1 with an exception set. */
static int level_of(int number, struct level *level) {
  struct level levels[3];
  if (number < 0 || number >= levels_here(levels)) {
    PyErr_SetString(PyExc_ValueError, "this processor has no such level");
    return -1;
  }
  *level = levels[number];
  return 0;
}

/* levels() -> names of the instruction sets that this processor has, fastest last */
static PyObject *py_levels(PyObject *module, PyObject *none) {
  (void)module, (void)none;
  struct level levels[3];
  const int n = levels_here(levels);
  PyObject *names = PyTuple_New(n);
  for (int k = 0; names && k < n; k++) {
    PyObject *name = PyUnicode_FromString(levels[k].name);
    if (!name || PyTuple_SetItem(names, k, name) < 0) {
      Py_DECREF(names);
      return NULL;
    }
  }
  return names;
}
