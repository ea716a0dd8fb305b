# How `_intensity.py` is laid out when it is compiled.
cimport cython

@cython.final
cdef class RestartWindow:
    cdef public object max_restarts
    cdef public object max_seconds
    cdef public object _counts
    cdef public list _newest
    cdef public Py_ssize_t _total

    @cython.locals(newest=list)
    cpdef bint allow(self, object now) except -1
    cpdef _forget(self, object oldest)
