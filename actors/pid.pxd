# How `pid.py` is laid out when it is compiled.
cimport cython

@cython.final
cdef class Pid:
    cdef object __weakref__
    cdef public object _cell
    cdef public object node
    cdef public Py_ssize_t serial

@cython.final
cdef class Ref:
    cdef object __weakref__
    cdef public Py_ssize_t _number
