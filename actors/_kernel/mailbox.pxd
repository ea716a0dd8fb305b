# How `mailbox.py` is laid out when it is compiled.
cimport cython
from actors.messages cimport reference_of
from actors.pid cimport Ref

cdef object deque
cdef Py_ssize_t _NEAR

@cython.locals(size=Py_ssize_t, near=Py_ssize_t, index=Py_ssize_t)
cpdef tuple take(object mail, object wanted, Py_ssize_t start)

cpdef bint _fits(object message, object wanted) except -1

cpdef tuple _remove(object mail, Py_ssize_t index, object message, object wanted)
