/* descend(X, y, w, rate, steps): float64 buffers, w in place. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *descend(PyObject *self, PyObject *args)
{
    Py_buffer X, y, w;
    double rate, *gradient;
    Py_ssize_t steps, n, d, i, j;

    if (!PyArg_ParseTuple(args, "y*y*w*dn", &X, &y, &w, &rate, &steps))
        return NULL;
    n = y.len / (Py_ssize_t)sizeof(double);
    d = w.len / (Py_ssize_t)sizeof(double);
    gradient = PyMem_Calloc(d, sizeof(double));
    if (gradient) {
        const double *rows = X.buf, *targets = y.buf;
        double *weights = w.buf;
        for (; steps > 0; steps--) {
            for (j = 0; j < d; j++)
                gradient[j] = 0;
            for (i = 0; i < n; i++) {
                double error = -targets[i];
                for (j = 0; j < d; j++)
                    error += rows[i * d + j] * weights[j];
                for (j = 0; j < d; j++)
                    gradient[j] += error * rows[i * d + j];
            }
            for (j = 0; j < d; j++)
                weights[j] -= rate * gradient[j];
        }
        PyMem_Free(gradient);
    }
    PyBuffer_Release(&X);
    PyBuffer_Release(&y);
    PyBuffer_Release(&w);
    if (!gradient)
        return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"descend", descend, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_descend", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__descend(void)
{
    return PyModule_Create(&module);
}
