# How `cell.py` is laid out when it is compiled.
cimport cython
from actors.pid cimport Pid, Ref

cdef class Handler:
    cpdef handle(self, object message)

@cython.final
cdef class Cell:
    cdef public object scheduler
    cdef public Pid pid
    cdef public object body
    cdef public object doing
    cdef public Handler handler
    cdef public object mail
    cdef public bint idle
    cdef public object stack
    cdef public tuple exiting
    cdef public Ref awaiting
    cdef public tuple answer
    cdef public Cell calling
    cdef public dict callers
    cdef public Cell listed
    cdef public dict links
    cdef public dict watchers
    cdef public dict monitors
    cdef public bint traps
    cdef public object name
    cdef public dict timers
    cdef public dict aliases
    cdef public object context
    cdef public dict dictionary
    cdef public object deadline
    cdef public object armed
    cdef public object rest_for
    cdef public object parent
    cdef public tuple ancestors
    cdef public tuple lineage
    cdef public bint kin
    cdef public object port
    cdef public tuple serving
    cdef public Py_ssize_t refusals
    cdef public bint started
