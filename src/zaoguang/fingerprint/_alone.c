/*
 * The HEIC decoder, kept to the thread that calls it.
 *
 * libheif asks libde265 for a worker thread each time it opens a picture. A locked child may start none, and libde265
 * then ends the whole process. Loaded for everyone (RTLD_GLOBAL) before libheif is, this library answers that call in
 * libde265's place: “done”, with no thread started, and libde265 then decodes on the caller's thread.
 *
 * Source: libde265, libde265/de265.h: de265_error de265_start_worker_threads(de265_decoder_context*, int); 0 is DE265_OK.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int
de265_start_worker_threads(void *decoder, int threads)
{
    (void)decoder;
    (void)threads;
    return 0;
}

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_alone", "Keeps the HEIC decoder to one thread.", 0, NULL, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit__alone(void)
{
    return PyModule_Create(&module);
}
