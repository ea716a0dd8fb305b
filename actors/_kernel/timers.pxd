# How `timers.py` is laid out when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell

cdef Py_ssize_t _SMALL
cdef long long _UNSOUND

@cython.final
cdef class Timer:
    cdef public object ref
    cdef public object when
    cdef public object dest
    cdef public object message
    cdef public bint live

@cython.final
cdef class Deadlines:
    cdef public list _heap
    cdef public Py_ssize_t _serial
    cdef public Py_ssize_t _stale

    cpdef add(self, Timer timer)
    cpdef arm(self, Cell cell, object deadline)
    cpdef cancel(self, Timer timer)
    cpdef disarm(self, Cell cell)
    @cython.locals(cell=Cell)
    cpdef due(self, object now)
    @cython.locals(cell=Cell, heap=list)
    cpdef soonest(self)
    cpdef _push(self, object when, object item)
    cpdef _forget(self)
