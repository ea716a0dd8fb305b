# How `process.py` is laid out when it is compiled.
cimport cython
from actors._kernel.current cimport me
from actors._kernel.cell cimport Cell
from actors._kernel.scheduler cimport Scheduler as CScheduler
from actors.pid cimport Pid, Ref

@cython.final
cdef class Launched:
    cdef readonly object pid
    cdef readonly object ref

cpdef check_timeout(object what, object seconds)

cpdef crossed(object value, object what)

cpdef send(object dest, object message)

@cython.locals(cell=Cell, scheduler=CScheduler, target=Cell)
cpdef deliver(object dest, object message)

@cython.locals(cell=Cell, scheduler=CScheduler)
cpdef receive(object match=*, object timeout=*)
