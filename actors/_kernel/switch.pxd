# How the compiled rooms reach greenlet: through its C interface.
from cpython.ref cimport PyObject

cdef extern from "greenlet/greenlet.h":
    ctypedef struct PyGreenlet:
        pass
    void PyGreenlet_Import() except *
    PyGreenlet* PyGreenlet_GetCurrent() except NULL
    object PyGreenlet_Switch(PyGreenlet* stack, PyObject* args, PyObject* kwargs)

cdef extern from "pythread.h":
    size_t get_ident "PyThread_get_thread_ident" ()

cdef extern from *:
    """
    static PyObject *letitcrash_current_stack(void) {
        if (_PyGreenlet_API == NULL) PyGreenlet_Import();
        return (PyObject *)PyGreenlet_GetCurrent();
    }
    static PyObject *letitcrash_switch_to(PyObject *stack) {
        return PyGreenlet_Switch((PyGreenlet *)stack, NULL, NULL);
    }
    static PyObject *letitcrash_context_of(PyObject *stack) {
        PyObject *context = PyThreadState_Get()->context;
        return Py_NewRef(context == NULL ? Py_None : context);
    }
    """
    object current_stack "letitcrash_current_stack" ()
    object switch_to "letitcrash_switch_to" (object stack)
    object context_of "letitcrash_context_of" (object stack)
