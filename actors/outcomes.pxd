# How `outcomes.py` is laid out when it is compiled.
cimport cython

@cython.final
cdef class Continue:
    cdef readonly object term

@cython.final
cdef class Hibernate:
    pass

@cython.final
cdef class Started:
    cdef readonly object state
    cdef readonly object then

@cython.final
cdef class Reply:
    cdef public object value
    cdef public object state
    cdef public object then

@cython.final
cdef class NoReply:
    cdef public object state
    cdef public object then

@cython.final
cdef class Stop:
    cdef readonly object reason
    cdef readonly object state
    cdef readonly object reply

@cython.final
cdef class Ignore:
    pass
